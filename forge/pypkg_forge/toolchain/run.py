"""Runs the commands of a build: their output goes to a log; an error names the command, its exit code and the log."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from pypkg_core.cache import logs_dir
from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET, Stage

__all__ = ["Log", "open_log"]

_NINJA: Final = re.compile(r"^\[(\d+)/(\d+)\]")
_COMPILE: Final = re.compile(r"^pypkg-(?:cc-redirected|host-cc) .*-c ")
_TAIL_LINES: Final = 12
_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
# Loaded here: not safe between fork and exec.
_LIBC: Final = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


@dataclass(kw_only=True, slots=True)
class Log:
    """The log of one build."""

    path: Path
    stream: IO[str]

    def write(self, line: str) -> None:
        """Write a line."""
        self.stream.write(line + "\n")
        self.stream.flush()

    def run(
        self,
        command: Sequence[str | Path],
        *,
        what: str,
        environment: Mapping[str, str],
        folder: Path | None = None,
        stage: Stage | None = None,
        expected: int = 0,
    ) -> None:
        """Run a command; when this is interrupted, the command and its children are terminated.

        Args:
            what: the purpose, for the error: "compile CPython".
            environment: every variable of the command: `pypkg_forge.toolchain.environment.step_environment`.
            folder: the current directory of the command.
            stage: gets the progress: the numbers of Ninja, or compiler calls out of ``expected``.

        Raises:
            PypkgError: the command cannot be started or fails.
        """
        stage = stage or _no_stage()
        words = [str(word) for word in command]
        self.write(f"$ {shlex.join(words)}")
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
                preexec_fn=_end_with_parent if _LIBC is not None else None,  # noqa: PLW1509 - there is no other thread
            )
        except OSError as error:
            raise PypkgError(f"Cannot {what}: {words[0]}: {error.strerror}", context={"log": self.path}) from error
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with _ended(process):
            compiled = 0
            for line in process.stdout or ():
                self.stream.write(line)
                tail.append(line.rstrip())
                if expected:
                    compiled += bool(_COMPILE.match(line))
                    stage.update(min(compiled, expected), expected)
                elif match := _NINJA.match(line):
                    stage.update(int(match[1]), int(match[2]))
            code = process.wait()
        if code != 0:
            raise PypkgError(
                f"Cannot {what}: {Path(words[0]).name} ended with exit code {code}",
                hint=f"See the log {self.path}",
                context={"last lines": "".join(f"\n    {line[:200]}" for line in tail)},
            )


def _end_with_parent() -> None:
    """Run in the child: if this process is killed, the command must not run beside the next build."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()


def _no_stage() -> Stage:
    with QUIET.stage("") as stage:
        return stage


@contextlib.contextmanager
def open_log(name: str) -> Iterator[Log]:
    """Open a log, ``<cache>/logs/<name>-<time>.log``.

    Raises:
        PypkgError: the file cannot be created.
    """
    path = logs_dir() / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise PypkgError(f"Cannot write the log {path}: {error.strerror}") from error
    with stream:
        yield Log(path=path, stream=stream)
