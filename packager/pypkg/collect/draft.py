"""A payload in the making: the parts add to it, and the builder turns it into a :class:`Payload`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pypkg.diagnostics import Diagnostics
from pypkg.environment.fit import is_library, is_program
from pypkg.items import File, Module

__all__ = ["Draft"]


class Draft:
    """Modules, files and native code collected so far.

    Args:
        name: the application's; it owns the native code of the project itself.

    Attributes:
        diagnostics: notices, details and warnings about what was collected.
        modules: by name.
        files: by path below ``/snapshot``; the first file of a path wins.
        directories: paths of directories that may be empty.
        links: path of each symbolic link -> target.
        native: owner -> paths of its shared libraries and programs.
    """

    def __init__(self, name: str) -> None:
        self.diagnostics = Diagnostics()
        self.modules: dict[str, Module] = {}
        self.files: dict[str, File] = {}
        self.directories: set[str] = set()
        self.links: dict[str, str] = {}
        self.native: dict[str, list[str]] = {}
        self._name = name

    def add_file(self, file: File) -> None:
        """Add a file, unless its path is taken."""
        self.files.setdefault(file.path, file)

    def add_files(self, files: Iterable[File]) -> None:
        """Add several files."""
        for file in files:
            self.add_file(file)

    def add_native(self, owner: str, path: str) -> None:
        """Let a file, or a link to one, be extracted with the native code of its owner.

        Args:
            owner: a distribution, or ``""`` for the project.
            path: below ``/snapshot``.
        """
        self.native.setdefault(owner or self._name, []).append(path)

    def add_library(self, source: Path, path: str, owner: str) -> None:
        """Add a shared library that the target can load."""
        self.add_file(File(path=path, source=source, executable=True, owner=owner))
        self.add_native(owner, path)

    def add_data(self, source: Path, path: str, owner: str) -> None:
        """Add a file as it is; a program is extracted with the native code of its owner."""
        try:
            mode = source.stat().st_mode
        except OSError:
            self.diagnostics.detail("listed in RECORD but missing", file=path)
            return
        executable = bool(mode & 0o100)
        self.add_file(File(path=path, source=source, executable=executable, owner=owner))
        if executable and not is_library(path) and is_program(source):
            self.add_native(owner, path)
