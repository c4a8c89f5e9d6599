"""The target table: what can be asked for, and the words for it."""

from __future__ import annotations

import functools
import os
import platform as host_platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError, UsageError
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
    "host_target",
    "latest_version",
    "load_catalogue",
    "parse_target",
    "parse_targets",
]

TARGETS_FILE: Final = Path(__file__).parent / "data" / "targets.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A Python series: ``name`` "313", ``series`` "3.13", ``pins`` its exact releases, newest first."""

    name: str
    series: str
    pins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """An operating system and its C library, as in the design's target table."""

    name: str
    aliases: tuple[str, ...]
    libc: str
    addons: bool
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arch:
    """A processor, and other words for it."""

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """What the build for a machine needs to know.

    ``system`` and ``processor`` are CMake's words, ``openssl`` is OpenSSL's; ``cflags`` and ``ldflags`` hold for
    everything, ``openssl_cflags`` and ``python_cflags`` for these alone, ``base_ldflags`` and ``libs`` for the link of
    the base.
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
    """A platform on an arch.

    ``triple`` is zig's name for it, ``needed`` the shared libraries its bases may ask for, ``glibc`` the newest symbol
    version they may ask for; ``build`` is missing as long as it cannot be forged.
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
        return _find_version(self.version).series

    @property
    def machine(self) -> Machine:
        """The row of the table for this platform and arch."""
        found = catalogue().machines.get((self.platform, self.arch))
        if found is None:
            raise UsageError(
                f"There is no target '{self.name}': {self.platform} does not come for {self.arch}",
                hint="`pypkg-forge list` shows every target.",
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
        """Every target there is, in the table's order."""
        return [
            Target(version=version, platform=platform, arch=arch)
            for version in self.versions
            for platform, arch in self.machines
        ]


def load_catalogue(file: Path) -> Catalogue:
    """Read a target table.

    Raises:
        PypkgError: a key is unknown, missing, of another type, or a name is defined twice; the place is named.
    """
    reader = TableReader(file=file)
    document = reader.document(("versions", "platforms", "arches", "machines"))
    versions = reader.rows(document, "versions", Version)
    platforms = reader.rows(document, "platforms", Platform)
    arches = reader.rows(document, "arches", Arch)
    machines = reader.rows(document, "machines", Machine)
    seen: set[str] = {"host", "latest"}
    named: list[tuple[str, Platform | Arch]] = [(f"platforms[{index}]", value) for index, value in enumerate(platforms)]
    named += [(f"arches[{index}]", value) for index, value in enumerate(arches)]
    for place, named_value in named:
        for word in (named_value.name, *named_value.aliases):
            if word in seen:
                raise reader.error(place, f"'{word}' is defined twice")
            seen.add(word)
    pairs: dict[tuple[str, str], Machine] = {}
    known_platforms = {value.name for value in platforms}
    known_arches = {value.name for value in arches}
    for index, machine in enumerate(machines):
        if machine.platform not in known_platforms:
            raise reader.error(f"machines[{index}].platform", f"unknown platform '{machine.platform}'")
        if machine.arch not in known_arches:
            raise reader.error(f"machines[{index}].arch", f"unknown arch '{machine.arch}'")
        if (machine.platform, machine.arch) in pairs:
            raise reader.error(f"machines[{index}]", f"{machine.platform}-{machine.arch} is defined twice")
        pairs[machine.platform, machine.arch] = machine
    by_name: dict[str, Version] = {}
    for index, version in enumerate(versions):
        if version.name in by_name:
            raise reader.error(f"versions[{index}].name", f"'{version.name}' is defined twice")
        if not version.pins:
            raise reader.error(f"versions[{index}].pins", "is empty")
        by_name[version.name] = version
    return Catalogue(
        versions=by_name,
        platforms={value.name: value for value in platforms},
        arches={value.name: value for value in arches},
        machines=pairs,
    )


@functools.cache
def catalogue() -> Catalogue:
    """The table that comes with pypkg, read once."""
    return load_catalogue(TARGETS_FILE)


VERSIONS: Final[tuple[str, ...]] = tuple(catalogue().versions)
PLATFORMS: Final[tuple[str, ...]] = tuple(catalogue().platforms)


def _find_version(name: str) -> Version:
    found = catalogue().versions.get(name)
    if found is None:
        known = ", ".join(f"py{version}" for version in VERSIONS)
        raise UsageError(f"There is no Python version 'py{name}'; there are {known}")
    return found


def latest_version() -> str:
    """The newest Python version in the table."""
    return max(VERSIONS, key=lambda name: tuple(int(part) for part in catalogue().versions[name].series.split(".")))


def host_target() -> Target:
    """The target of the machine and the Python that run this; an unknown Python version counts as the latest.

    Raises:
        PypkgError: this platform or processor is not in the table.
    """
    if sys.platform.startswith("linux"):
        platform = "linux" if host_platform.libc_ver()[0] == "glibc" else "alpine"
    else:
        platform = _words(catalogue().platforms).get(sys.platform.rstrip("0123456789"), "")
    uname = os.uname().machine if hasattr(os, "uname") else host_platform.machine()
    arch = _words(catalogue().arches).get(uname.lower(), "")
    if not platform or not arch:
        raise PypkgError(f"This machine ({sys.platform}, {uname}) is none of pypkg's targets")
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    return Target(version=version if version in VERSIONS else latest_version(), platform=platform, arch=arch)


def _words(table: dict[str, Platform] | dict[str, Arch]) -> dict[str, str]:
    return {word: value.name for value in table.values() for word in (value.name, *value.aliases)}


def parse_target(text: str, *, host: Target | None = None) -> Target:
    """Read one target: tokens joined by ``-`` in any order, what is left out taken from ``host``.

    ``host`` (the word) stands for all three parts, ``latest`` for the newest Python; aliases as in the table.

    Raises:
        UsageError: a token is unknown, a part is defined twice, or there is no such combination.
    """
    host = host or host_target()
    parts: dict[str, str] = {}
    platforms = _words(catalogue().platforms)
    arches = _words(catalogue().arches)
    for token in text.strip().split("-"):
        word = token.lower()
        if word == "host":
            continue
        if word in platforms:
            part, value = "platform", platforms[word]
        elif word in arches:
            part, value = "arch", arches[word]
        elif word == "latest":
            part, value = "version", latest_version()
        elif word.startswith("py") and word[2:].replace(".", "").isdigit():
            part, value = "version", _find_version(word[2:].replace(".", "")).name
        else:
            raise UsageError(
                f"Unknown token '{token}' in '{text.strip()}'",
                hint="A target is like py313-linux-x64; `pypkg-forge list` shows every one.",
            )
        if parts.get(part, value) != value:
            raise UsageError(f"Target '{text.strip()}' says its {part} twice: {parts[part]} and {value}")
        parts[part] = value
    target = Target(
        version=parts.get("version", host.version),
        platform=parts.get("platform", host.platform),
        arch=parts.get("arch", host.arch),
    )
    _ = target.machine  # raises for a platform that does not come for this arch
    return target


def parse_targets(text: str, *, host: Target | None = None) -> list[Target]:
    """Read targets joined by commas, in order, each once; see ``parse_target``.

    Raises:
        UsageError: one of them cannot be read, or there is none.
    """
    found = [parse_target(item, host=host) for item in text.split(",") if item.strip()]
    if not found:
        raise UsageError(f"No target in '{text}'", hint="A target is like py313-linux-x64.")
    return list(dict.fromkeys(found))
