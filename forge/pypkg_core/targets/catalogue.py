"""The table of targets: Python versions, platforms, processors and machines (targets.toml, platforms.toml)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pypkg_core.errors import UsageError
from pypkg_core.targets.arches import Arch
from pypkg_core.targets.build_settings import Build, MachineBuild, build_settings
from pypkg_core.targets.platforms import Platform, WheelTag
from pypkg_core.targets.versions import version_numbers
from pypkg_core.toml_tables import TableReader

__all__ = [
    "DATA",
    "VERSIONS",
    "Catalogue",
    "Machine",
    "Target",
    "Version",
    "catalogue",
    "find_version",
    "latest_version",
    "load_catalogue",
]

DATA: Final = Path(__file__).parent / "data"

HOST_WORD: Final = "host"
LATEST_WORD: Final = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A Python series.

    Attributes:
        name: "313".
        series: "3.13".
        pins: its exact releases, newest first.
        verified: whether its bases have been forged and tested.
        available: whether there are patches for it.
    """

    name: str
    series: str
    pins: tuple[str, ...]
    verified: bool
    available: bool = True

    def __post_init__(self) -> None:
        if not self.pins:
            raise ValueError("pins: is empty")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A platform on a processor architecture.

    Attributes:
        triple: zig's name of it.
        platform_machine: ``platform.machine()``.
        needed: the shared libraries that its bases may need.
        cpu: zig's name of the oldest processor that its bases run on; ``None`` is zig's baseline.
        multiarch: CPython's name of it, in the file names of extension modules.
        build: ``None`` as long as the forge cannot build for it.
    """

    platform: str
    arch: str
    triple: str
    platform_machine: str
    needed: tuple[str, ...]
    cpu: str | None = None
    multiarch: str | None = None
    build: MachineBuild | None = None


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
    def facts(self) -> Platform:
        """The row of the table for this platform."""
        return catalogue().platforms[self.platform]

    @property
    def processor(self) -> Arch:
        """The row of the table for this architecture."""
        return catalogue().arches[self.arch]

    @property
    def build(self) -> Build | None:
        """The build settings; ``None`` as long as the forge cannot build for it."""
        return build_settings(self.facts.build, self.machine.build)

    @property
    def addons(self) -> bool:
        """Whether executables for this target can load native extension modules."""
        return self.facts.addons

    @property
    def is_static(self) -> bool:
        """Whether executables for this target need no library of the system."""
        return not self.machine.needed

    @property
    def largest_executable(self) -> int | None:
        """The size, in bytes, of the largest executable that the system can map; ``None`` without a limit."""
        limits = (self.facts.largest_executable, self.processor.largest_executable)
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def extension_suffixes(self) -> list[str]:
        """The suffixes of the extension modules that the target loads: ``importlib.machinery.EXTENSION_SUFFIXES``."""
        machine = self.machine
        return self.facts.suffixes(self.version, machine.platform_machine, machine.multiarch)

    @property
    def wheel_tags(self) -> list[WheelTag]:
        """The platform tags of the wheels that the target can use, best first (PEP 425)."""
        return self.facts.tags(self.machine.platform_machine)

    @property
    def with_addons(self) -> Target | None:
        """The first target of the table that differs in its platform only and loads addons on the same system."""
        for row in catalogue().platforms.values():
            same_system = row.addons and row.sys_platform == self.facts.sys_platform
            if same_system and (row.name, self.arch) in catalogue().machines:
                return replace(self, platform=row.name)
        return None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
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

    @functools.cached_property
    def addon_endings(self) -> tuple[str, ...]:
        """The last suffixes of extension modules, of every platform: ``.so``, ``.pyd``."""
        texts = {text for row in self.platforms.values() for text in row.extension_suffixes}
        return tuple(sorted({f".{text.rpartition('.')[2]}" for text in texts}))

    @functools.cached_property
    def library_endings(self) -> tuple[str, ...]:
        """The suffixes of shared libraries, of every platform."""
        return tuple(sorted({row.library_suffix for row in self.platforms.values()}))


def load_catalogue(folder: Path) -> Catalogue:
    """Read a table of targets.

    Args:
        folder: has the files ``platforms.toml`` and ``targets.toml``.

    Raises:
        PypkgError: a key is unknown, missing or of another type, or a name is defined twice; the key path is named.
    """
    platforms_reader = TableReader(file=folder / "platforms.toml")
    platforms = platforms_reader.rows(platforms_reader.document(("platforms",)), "platforms", Platform)
    reader = TableReader(file=folder / "targets.toml")
    document = reader.document(("versions", "arches", "machines"))
    versions = reader.rows(document, "versions", Version)
    arches = reader.rows(document, "arches", Arch)
    seen: set[str] = {HOST_WORD, LATEST_WORD}
    _check_words(platforms_reader, "platforms", platforms, seen)
    _check_words(reader, "versions", versions, seen)
    _check_words(reader, "arches", arches, seen)
    platform_rows = {value.name: value for value in platforms}
    machines: dict[tuple[str, str], Machine] = {}
    for index, machine in enumerate(reader.rows(document, "machines", Machine)):
        path = f"machines[{index}]"
        if machine.platform not in platform_rows:
            raise reader.error(f"{path}.platform", f"unknown platform '{machine.platform}'")
        if machine.arch not in {value.name for value in arches}:
            raise reader.error(f"{path}.arch", f"unknown arch '{machine.arch}'")
        if (machine.platform, machine.arch) in machines:
            raise reader.error(path, f"{machine.platform}-{machine.arch} is defined twice")
        if machine.multiarch is None and platform_rows[machine.platform].needs_multiarch:
            raise reader.error(f"{path}.multiarch", "is missing")
        machines[machine.platform, machine.arch] = machine
    return Catalogue(
        versions={value.name: value for value in versions},
        platforms=platform_rows,
        arches={value.name: value for value in arches},
        machines=machines,
    )


def _check_words(reader: TableReader, name: str, rows: Sequence[Version | Platform | Arch], seen: set[str]) -> None:
    """Check that no word of the command line has two meanings; those of ``rows`` are added to ``seen``."""
    for index, row in enumerate(rows):
        for word in (row.name, *(() if isinstance(row, Version) else row.aliases)):
            if word in seen:
                raise reader.error(f"{name}[{index}]", f"'{word}' is defined twice")
            seen.add(word)


@functools.cache
def catalogue() -> Catalogue:
    """Return the table that comes with pypkg."""
    return load_catalogue(DATA)


VERSIONS: Final[tuple[str, ...]] = tuple(catalogue().versions)


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
    """Return the newest Python version of the table whose bases have been forged and tested."""
    verified = [version for version in catalogue().versions.values() if version.verified]
    return max(verified, key=lambda version: version_numbers(version.series)).name
