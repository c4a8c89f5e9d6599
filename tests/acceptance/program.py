"""Programs as a user starts them: an executable, its arguments, a clean environment."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fixture_types import Result

__all__ = ["Package", "Program"]

TIMEOUT_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A packaged executable and the folder that is its user's home.

    The environment holds nothing but ``HOME`` and ``PATH`` (with no Python on it): what a machine without Python has.
    """

    path: Path
    home: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the program sees as its environment."""
        return {"HOME": str(self.home), "PATH": str(self.home / "no-programs"), "TERM": "dumb", **(extra or {})}

    def run(
        self,
        *arguments: object,
        text: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """Runs it to its end; never raises for an exit code."""
        return subprocess.run(
            [self.path, *map(str, arguments)],
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
        """Its standard output; fails the test unless it exits with 0 and says nothing on standard error."""
        result = self.run(*arguments, text=text, env=env)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    @contextmanager
    def started(self, *arguments: object) -> Iterator[str]:
        """Runs it beside the test, from its first line of output (which is given) until the block ends."""
        process = subprocess.Popen(
            [self.path, *map(str, arguments)],
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
            assert line, f"{self.path} {arguments} ended with {process.wait(TIMEOUT_SECONDS)} before it said anything"
            yield line
        finally:
            process.terminate()
            process.wait(TIMEOUT_SECONDS)
            assert process.stdout is not None
            process.stdout.close()


class Package(Protocol):
    """Packages an input for one target; fails the test unless that succeeds."""

    def __call__(self, source: Path, target: str, *options: object, name: str | None = None) -> Program: ...
