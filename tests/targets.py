"""The targets that are tested on this host: those of verified series that it can both forge and run.

A default run takes the newest series on every platform, and the oldest on the host's own platform, which loads native
addons. The others carry the marker ``forge``: their bases are compiled only when asked for.
"""

from __future__ import annotations

from typing import Final

import pytest

from pypkg_core.targets.catalogue import Target, catalogue, find_version
from pypkg_core.targets.host import host_target, runs_here
from pypkg_forge.driver.recipe import why_not

__all__ = ["ALL", "DEFAULT", "DYNAMIC", "OLDEST", "PARAMETERS", "STATIC", "default_targets"]

_STATIC_PLATFORM: Final = "linuxstatic"


def _series(target: Target) -> int:
    return int(target.series.split(".")[1])


def _tested() -> list[Target]:
    found = [
        target
        for target in catalogue().targets()
        if find_version(target.version).verified and why_not(target) is None and runs_here(target)
    ]
    return sorted(found, key=lambda target: (-_series(target), target.addons))


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


_TESTED: Final = _tested()
DEFAULT: Final = tuple(target.name for target in default_targets(_TESTED, host_target().platform))
ALL: Final = (*DEFAULT, *(target.name for target in _TESTED if target.name not in DEFAULT))
PARAMETERS: Final = tuple(pytest.param(name, marks=() if name in DEFAULT else pytest.mark.forge) for name in ALL)

# The roles that single tests ask for. On a host that forges none of them the fixture `base_of` skips these tests.
_HOST: Final = host_target()
STATIC: Final = next((name for name in DEFAULT if f"-{_STATIC_PLATFORM}-" in name), f"{_STATIC_PLATFORM}-{_HOST.arch}")
DYNAMIC: Final = next((name for name in DEFAULT if f"-{_HOST.platform}-" in name), _HOST.name)
OLDEST: Final = next((name for name in DEFAULT[::-1] if f"-{_HOST.platform}-" in name), _HOST.name)
