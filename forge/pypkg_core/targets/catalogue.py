"""The table of targets: Python versions, platforms, processors and machines (data/targets.toml)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import UsageError
from pypkg_core.toml_tables import TableReader

__all__ = [
    "PLATFORMS",
    "VERSIONS",
    "Arch",
    "Build",
    "Catalogue",
    "Machine",
    "Platform",
    "Target",
    "Version",
    "catalogue",
    "find_version",
    "latest_version",
    "load_catalogue",
]

TARGETS_FILE: Final = Path(__file__).parent / "data" / "targets.toml"

HOST_WORD: Final = "host"
LATEST_WORD: Final = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A Python series: ``name`` "313", ``series`` "3.13", ``pins`` its exact releases, newest first."""

    name: str
    series: str
    pins: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.pins:
            raise ValueError("pins: is empty")


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """An operating system and its C library; ``addons``: executables can load native extension modules."""

    name: str
    aliases: tuple[str, ...]
    libc: str
    addons: bool
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arch:
    """A processor architecture."""

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """The build settings of a machine.

    Attributes:
        system: CMake's name of the system.
        processor: CMake's name of the processor.
        openssl: OpenSSL's name of the machine.
        openssl_cflags: compiler flags for OpenSSL only.
        cflags: compiler flags for everything.
        python_cflags: compiler flags for CPython only.
        ldflags: linker flags for everything.
        base_ldflags: linker flags for the base only.
        libs: libraries for the base only.
    """

    system: str
    processor: str
    openssl: str
    openssl_cflags: tuple[str, ...]
    cflags: tuple[str, ...]
    python_cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    base_ldflags: tuple[str, ...]
    libs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A platform on a processor architecture.

    Attributes:
        triple: zig's name of it.
        needed: the shared libraries that its bases may need.
        glibc: the newest glibc symbol version that its bases may need.
        build: ``None`` as long as the forge cannot build for it.
    """

    platform: str
    arch: str
    triple: str
    needed: tuple[str, ...]
    glibc: str | None = None
    build: Build | None = None


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Target:
    """What a base or an executable is for: ``Target(version="313", platform="linux", arch="x64")``."""

    version: str
    platform: str
    arch: str

    @property
    def name(self) -> str:
        """``py313-linux-x64``."""
        return f"py{self.version}-{self.platform}-{self.arch}"

    @property
    def series(self) -> str:
        """``3.13``."""
        return find_version(self.version).series

    @property
    def machine(self) -> Machine:
        """The row of the table for this platform and architecture.

        Raises:
            UsageError: there is no such combination.
        """
        found = catalogue().machines.get((self.platform, self.arch))
        if found is None:
            raise UsageError(
                f"There is no target '{self.name}': {self.platform} is not available for {self.arch}",
                hint="`pypkg-forge list` shows every target",
            )
        return found

    @property
    def addons(self) -> bool:
        """Whether executables for this target can load native extension modules."""
        return catalogue().platforms[self.platform].addons

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """The whole table, by name."""

    versions: dict[str, Version]
    platforms: dict[str, Platform]
    arches: dict[str, Arch]
    machines: dict[tuple[str, str], Machine]

    def targets(self) -> list[Target]:
        """Return every target, in the order of the table."""
        return [
            Target(version=version, platform=platform, arch=arch)
            for version in self.versions
            for platform, arch in self.machines
        ]


def load_catalogue(file: Path) -> Catalogue:
    """Read a table of targets.

    Raises:
        PypkgError: a key is unknown, missing or of another type, or a name is defined twice; the key path is named.
    """
    reader = TableReader(file=file)
    document = reader.document(("versions", "platforms", "arches", "machines"))
    versions = reader.rows(document, "versions", Version)
    platforms = reader.rows(document, "platforms", Platform)
    arches = reader.rows(document, "arches", Arch)
    _check_words(reader, versions, platforms, arches)
    machines: dict[tuple[str, str], Machine] = {}
    for index, machine in enumerate(reader.rows(document, "machines", Machine)):
        path = f"machines[{index}]"
        if machine.platform not in {value.name for value in platforms}:
            raise reader.error(f"{path}.platform", f"unknown platform '{machine.platform}'")
        if machine.arch not in {value.name for value in arches}:
            raise reader.error(f"{path}.arch", f"unknown arch '{machine.arch}'")
        if (machine.platform, machine.arch) in machines:
            raise reader.error(path, f"{machine.platform}-{machine.arch} is defined twice")
        machines[machine.platform, machine.arch] = machine
    return Catalogue(
        versions={value.name: value for value in versions},
        platforms={value.name: value for value in platforms},
        arches={value.name: value for value in arches},
        machines=machines,
    )


def _check_words(
    reader: TableReader, versions: tuple[Version, ...], platforms: tuple[Platform, ...], arches: tuple[Arch, ...]
) -> None:
    """Check that no word of the command line has two meanings."""
    seen: set[str] = {HOST_WORD, LATEST_WORD}
    rows: list[tuple[str, tuple[str, ...]]]
    rows = [(f"versions[{index}]", (value.name,)) for index, value in enumerate(versions)]
    rows += [(f"platforms[{index}]", (value.name, *value.aliases)) for index, value in enumerate(platforms)]
    rows += [(f"arches[{index}]", (value.name, *value.aliases)) for index, value in enumerate(arches)]
    for path, words in rows:
        for word in words:
            if word in seen:
                raise reader.error(path, f"'{word}' is defined twice")
            seen.add(word)


@functools.cache
def catalogue() -> Catalogue:
    """Return the table that comes with pypkg."""
    return load_catalogue(TARGETS_FILE)


VERSIONS: Final[tuple[str, ...]] = tuple(catalogue().versions)
PLATFORMS: Final[tuple[str, ...]] = tuple(catalogue().platforms)


def find_version(name: str) -> Version:
    """Return the Python version called ``name`` ("313").

    Raises:
        UsageError: it is unknown.
    """
    found = catalogue().versions.get(name)
    if found is None:
        known = ", ".join(f"py{version}" for version in VERSIONS)
        raise UsageError(f"Unknown Python version 'py{name}'; available: {known}")
    return found


def latest_version() -> str:
    """Return the newest Python version of the table."""
    return max(VERSIONS, key=lambda name: tuple(int(part) for part in catalogue().versions[name].series.split(".")))
