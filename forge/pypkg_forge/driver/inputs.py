"""The files that a base is made from, and hashes of them: whole folders, without what belongs to other systems.

A folder, or a file without its suffix, that has the name of a system (``os`` in platforms.toml) belongs to that system;
one with the name of a platform, of a format of executables, of a processor or of a series ("3.14"), to these. So a
change for one platform does not change the keys of another, and a new file needs no entry in a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pypkg_core
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_forge.data import data_dir

__all__ = ["CORE_MODULES", "Inputs", "target_inputs"]

CORE_MODULES: Final = ("names", "snapshot", "version")
"""What the code that makes the bytes of a base takes from modules of ``pypkg_core``, besides its folders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The folders of a base's files.

    Attributes:
        cmake: the directory ``cmake``.
        patches: the directory ``patches``.
        code: the code of the forge that makes the bytes of a base.
        core: the package ``pypkg_core``.
        systems: the systems that the target belongs to, the general one first.
        others: the names of systems, platforms, formats, processors and series that it does not belong to.
    """

    cmake: Path
    patches: Path
    code: Path
    core: Path
    systems: tuple[str, ...]
    others: frozenset[str]

    @property
    def front(self) -> str:
        """The folder of the runtime with the header that is force-included into CPython and some dependencies.

        Raises:
            PypkgError: no system of the target has one.
        """
        for system in self.systems:
            if (self.patches / "runtime" / system / "redirect.h").is_file():
                return system
        raise PypkgError(f"There is no redirect.h for {', '.join(self.systems)} in {self.patches / 'runtime'}")

    @property
    def redirect_header(self) -> Path:
        """The header of `front`; raises as it does."""
        return self.patches / "runtime" / self.front / "redirect.h"

    def profile(self, series: str) -> Path | None:
        """Return the sample profile for optimising CPython (``patches/README.md``), ``None`` without one."""
        path = self.patches / "profiles" / f"{series}.txt"
        return path if path.is_file() else None

    def toolchain(self) -> str:
        """Return a hash of what every part of the build includes."""
        return self._hash(self.cmake / "toolchain")

    def dependency(self, name: str) -> str:
        """Return a hash of what says how a library is compiled: its folder, and the files that all of them include."""
        folder = self.cmake / "dependencies"
        return self._hash([path for path in folder.iterdir() if path.is_file()], folder / name)

    def configure(self) -> str:
        """Return a hash of the folders of CPython's configure."""
        return self._hash(*(self.cmake / "python" / system / "configure" for system in self.systems))

    def objects(self, series: str) -> str:
        """Return a hash of what every object of CPython depends on, apart from its source."""
        profile = self.profile(series)
        return self._hash([self.redirect_header, *([profile] if profile is not None else [])])

    def everything(self) -> str:
        """Return a hash of the runtime, of the build's files, and of the code that makes the bytes of a base."""
        return self._hash(
            self.patches / "runtime",
            self.cmake,
            self.code,
            self.core / "image",
            self.core / "binaries",
            [self.core / f"{name}.py" for name in CORE_MODULES],
            self.core.glob("_marshal*"),  # C, which a wheel does not contain
        )

    def _hash(self, *parts: Path | Iterable[Path]) -> str:
        """Return a hash of the names and contents of files: of a folder, those below it that belong to the target."""
        digest = hashlib.sha256()
        for part in parts:
            root = part if isinstance(part, Path) else None
            files = self._below(part) if isinstance(part, Path) else part
            for path in sorted(files):
                name = path.relative_to(root).as_posix() if root is not None else path.name
                data = path.read_bytes()
                digest.update(f"{name}\0{len(data)}\0".encode())
                digest.update(data)
        return digest.hexdigest()

    def _below(self, folder: Path) -> Iterable[Path]:
        for path in folder.rglob("*"):
            *folders, _ = path.relative_to(folder).parts
            if path.is_file() and "__pycache__" not in folders and self.others.isdisjoint((*folders, path.stem)):
                yield path


def target_inputs(target: Target) -> Inputs:
    """Return the inputs of a target, from the data that comes with the forge.

    Raises:
        PypkgError: the installation is damaged.
    """
    facts = target.facts
    rows = catalogue().platforms.values()
    builds = [machine.build for machine in catalogue().machines.values() if machine.build is not None]
    names = {name for row in rows for name in (*row.os, row.format, row.name)} | {build.processor for build in builds}
    names |= {version.series for version in catalogue().versions.values()}
    own = {*facts.os, facts.format, facts.name, target.series}
    if target.machine.build is not None:
        own.add(target.machine.build.processor)
    return Inputs(
        cmake=data_dir("cmake"),
        patches=data_dir("patches"),
        code=Path(__file__).parent / "assembly",
        core=Path(pypkg_core.__file__).parent,
        systems=facts.os,
        others=frozenset(names - own),
    )
