"""Wall time of commands, measured so that a busy moment of the machine does not distort it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command", "once", "startup_times"]

BATCHES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command line and its environment."""

    line: tuple[str, ...]
    env: Mapping[str, str]


def once(line: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> float:
    """Run a command and return the seconds that it takes.

    Raises:
        RuntimeError: it failed; the message has its output.
    """
    started = time.perf_counter()
    result = subprocess.run(
        list(map(str, line)), env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, line))} failed:\n{result.stdout}{result.stderr}")
    return seconds


def startup_times(commands: Mapping[str, Command], *, rounds: int) -> dict[str, float]:
    """Return seconds for each command: the median of five batches, of each the shortest run.

    The commands take turns within a batch, so that whatever slows the machine slows all of them. Each runs once before
    and is not counted, so that caches are warm.

    Args:
        commands: by name.
        rounds: runs of each command; best a multiple of the number of batches.
    """
    shortest: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        _spawn(command)
    for _ in range(BATCHES):
        batch = [
            {name: _spawn(command) for name, command in commands.items()} for _ in range(max(1, rounds // BATCHES))
        ]
        for name, minima in shortest.items():
            minima.append(min(times[name] for times in batch))
    return {name: statistics.median(minima) for name, minima in shortest.items()}


def _spawn(command: Command) -> float:
    # Not with subprocess, which would add a third to the time of a fast command.
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    started = time.perf_counter()
    process = os.posix_spawn(command.line[0], command.line, dict(command.env), file_actions=actions)
    _, status = os.waitpid(process, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise RuntimeError(f"{' '.join(command.line)} ended with status {status}")
    return seconds
