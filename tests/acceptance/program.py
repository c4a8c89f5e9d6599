"""Programs as a user starts them: an executable, its arguments and a clean environment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emulation import command
from fixture_types import Result

__all__ = ["Package", "Program"]

TIMEOUT_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A packaged executable and the home directory of its user.

    ``like`` is a program of the same target, if this one is damaged.

    The environment contains only ``HOME``, ``TERM`` and a ``PATH`` without Python, as on a machine without Python.
    """

    path: Path
    home: Path
    like: Path | None = None

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the program."""
        return {"HOME": str(self.home), "PATH": str(self.home / "no-programs"), "TERM": "dumb", **(extra or {})}

    def command(self, *arguments: object) -> list[str | Path]:
        """Return the command that runs it here, by itself or with an emulator."""
        return command(self.path, *map(str, arguments), like=self.like)

    def run(
        self,
        *arguments: object,
        text: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """Run it and wait for it; an exit code is never an exception."""
        return subprocess.run(
            self.command(*arguments),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            env=self.environment(env),
            cwd=cwd or self.home,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def output(self, *arguments: object, text: str | None = None, env: Mapping[str, str] | None = None) -> str:
        """Return its standard output; the test fails unless it exits with 0 and writes nothing to standard error."""
        result = self.run(*arguments, text=text, env=env)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    @contextmanager
    def started(self, *arguments: object) -> Iterator[str]:
        """Run it in parallel until the block ends; give its first line of output."""
        process = subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment(),
            cwd=self.home,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"{self.path} {arguments} ended with {process.wait(TIMEOUT_SECONDS)} and no output"
            yield line
        finally:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
            assert process.stdout is not None
            process.stdout.close()


class Package(Protocol):
    """Packages an input for one target; a failure fails the test."""

    def __call__(self, source: Path, target: str, *options: object, name: str | None = None) -> Program: ...
