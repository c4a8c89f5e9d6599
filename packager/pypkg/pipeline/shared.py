"""What the targets of one run have in common, so that several do not take several times as long as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from pypkg.compile.compiler import Compiler
from pypkg.environment.distributions import MetadataReader
from pypkg.environment.interpreter import Environment, inspect

__all__ = ["Shared"]


class Shared:
    """A context manager, because it owns compilers.

    Attributes:
        metadata: reads that of distributions, of each directory once.
        read_files: what the program read when it was run from source; ``None`` while it was not.
    """

    def __init__(self) -> None:
        self.metadata = MetadataReader()
        self.read_files: list[Path] | None = None
        self._environments: dict[Path, Environment] = {}
        self._compilers: dict[tuple[bytes, frozenset[str]], Compiler] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for compiler in self._compilers.values():
            compiler.close()

    def inspected(self, python: Path) -> Environment:
        """Return the environment of an interpreter, which is asked once.

        Raises:
            PypkgError: it cannot be run, or its answer is malformed.
        """
        found = self._environments.get(python)
        if found is None:
            found = self._environments[python] = inspect(python)
        return found

    @contextmanager
    def compiling(self, compiler: Compiler) -> Iterator[Compiler]:
        """Give the first compiler of this run that answers as ``compiler`` does: it knows what it was asked before.

        Its processes run only meanwhile.
        """
        first = self._compilers.setdefault(compiler.identity, compiler)
        if first is not compiler:
            compiler.close()
        try:
            yield first
        finally:
            first.rest()
