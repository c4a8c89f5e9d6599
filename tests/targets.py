"""The targets that are tested on this host: those of verified series, of its own operating system, that it can forge.

A default run takes what this host runs by itself: the newest series on every platform, and the oldest on the host's own
platform, which loads native addons, of the series whose sources Debian keeps, so that every machine can get them. The
other native targets carry the marker ``forge``: their bases are compiled only when asked for. What runs here only by an
emulator, or with another C library than the host's, carries the marker ``foreign``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from pypkg_core.targets.catalogue import Target, catalogue, find_version
from pypkg_core.targets.host import host_target, known_host, runs_here
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.recipe import why_not
from pypkg_forge.sources.pins import candidates

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

__all__ = [
    "ADDONS",
    "ALL",
    "DEFAULT",
    "DYNAMIC",
    "EMULATED",
    "FOREIGN",
    "MUSL",
    "NATIVE",
    "NEWEST",
    "OLDEST",
    "PARAMETERS",
    "STATIC",
    "STATICS",
    "default_targets",
    "is_kept",
    "targets_of",
]

_STATIC_PLATFORM: Final = "linuxstatic"


def _series(target: Target) -> int:
    return int(target.series.split(".")[1])


def targets_of(host: Target | None) -> list[Target]:
    """Return what can be tested on a host, newest series first; nothing on a host that is no target."""
    found = [
        target
        for target in catalogue().targets()
        if host is not None
        and find_version(target.version).verified
        and why_not(target) is None
        and target.facts.sys_platform == host.facts.sys_platform
    ]
    return sorted(found, key=lambda target: (-_series(target), target.addons))


def is_kept(version: str) -> bool:
    """Whether Debian keeps the sources of a Python version, "313": there is an origin for machines without a mirror."""
    return any(pin.debian is not None for pin in candidates("python", version))


def _first(targets: list[Target], platform: str) -> Target | None:
    return next((target for target in targets if target.platform == platform), None)


def default_targets(targets: list[Target], platform: str) -> list[Target]:
    """Choose what a default run tests.

    Args:
        targets: newest series first.
        platform: the host's own, of which the oldest series is taken too.
    """
    newest_first = [_first(targets, target.platform) for target in targets]
    oldest = _first(targets[::-1], platform)
    return list(dict.fromkeys(target for target in (*newest_first, oldest) if target is not None))


_HOST: Final = host_target()
_TESTED: Final = targets_of(known_host())
_NATIVE: Final = [target for target in _TESTED if runs_here(target)]
DEFAULT: Final = tuple(
    target.name for target in default_targets([target for target in _NATIVE if is_kept(target.version)], _HOST.platform)
)
NATIVE: Final = (*DEFAULT, *(target.name for target in _NATIVE if target.name not in DEFAULT))
FOREIGN: Final = tuple(target.name for target in _TESTED if target not in _NATIVE)
ALL: Final = (*NATIVE, *FOREIGN)


def _parameter(name: str) -> ParameterSet:
    if name in DEFAULT:
        return pytest.param(name)
    return pytest.param(name, marks=pytest.mark.foreign if name in FOREIGN else pytest.mark.forge)


PARAMETERS: Final = tuple(map(_parameter, ALL))
# One for each machine that loads addons, of the newest series whose sources every machine can get.
ADDONS: Final = tuple(
    _parameter(name)
    for name in dict.fromkeys(
        next(other.name for other in _TESTED if is_kept(other.version) and other.machine == target.machine)
        for target in _TESTED
        if target.addons and is_kept(target.version)
    )
)
# Those of them with a shared musl.
MUSL: Final = tuple(item for item in ADDONS if parse_target(str(item.values[0])).facts.libc == "musl")
STATICS: Final = tuple(_parameter(target) for target in ALL if parse_target(target).is_static)

# The roles that single tests ask for. On a host that forges none of them the fixture `base_of` skips these tests.
STATIC: Final = next((name for name in DEFAULT if f"-{_STATIC_PLATFORM}-" in name), f"{_STATIC_PLATFORM}-{_HOST.arch}")
DYNAMIC: Final = next((name for name in DEFAULT if f"-{_HOST.platform}-" in name), _HOST.name)
OLDEST: Final = next((name for name in DEFAULT[::-1] if f"-{_HOST.platform}-" in name), _HOST.name)
# The newest series on every platform, whose sources not every machine can get.
NEWEST: Final = tuple({target.platform: target.name for target in reversed(_NATIVE)}.values())
# The platforms of a default run on another processor that has 64 bits, as this one: its executables have no limit.
EMULATED: Final = tuple(
    target.name
    for target in _TESTED
    if target.name in FOREIGN
    and target.processor.largest_executable is None
    and any(f"py{target.version}-{target.platform}-{_HOST.arch}" == name for name in (DYNAMIC, STATIC))
)
