"""The types of the fixtures that are functions."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

__all__ = ["Assemble", "BaseOf", "Pypkg", "Result"]

Result = subprocess.CompletedProcess[str]


class BaseOf(Protocol):
    """Gives the base of a target."""

    def __call__(self, target: str, /) -> Path: ...


class Assemble(Protocol):
    """Makes an executable whose ``__main__`` is one of the programs of ``tests/bases``."""

    def __call__(
        self,
        base: Path,
        main: str,
        *options: str,
        more: Path | None = None,
        tools: Sequence[Path] = (),
        interpreter: bool = True,
    ) -> Path: ...


class Pypkg(Protocol):
    """Runs the command ``pypkg`` to its end."""

    def __call__(
        self,
        *arguments: object,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        umask: int = -1,
    ) -> Result: ...
