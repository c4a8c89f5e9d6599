"""Which wheels a target can use: their tags (PEP 425)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.tags import Tag, parse_tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.platforms import WheelTag
from pypkg_core.targets.versions import version_numbers

__all__ = ["ANY", "compatible_tags", "fits_tags", "pip_options", "wheel_tag"]

ANY = WheelTag("any", ())
"""The platform tag of a wheel without native code."""


def compatible_tags(target: Target, newest: tuple[int, ...] | None = None) -> list[WheelTag]:
    """Return the platform tags of the wheels that the target can use, best first, without `ANY`.

    Args:
        newest: of the C library or system; newer tags, and those that promise nothing, are left out.
    """
    tags = target.wheel_tags
    return tags if newest is None else [tag for tag in tags if tag.version and tag.version <= newest]


def pip_options(target: Target, tags: Sequence[WheelTag]) -> list[str]:
    """Return pip's options for wheels of a target. The ABI of free-threaded Python (``cp313t``) is never among them."""
    abis = (f"cp{target.version}", "abi3", "none")
    options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={target.series}"]
    options += [f"--abi={abi}" for abi in abis]
    return options + [f"--platform={tag.name}" for tag in (tags or [ANY])]


def wheel_tag(filename: str, target: Target) -> WheelTag | None:
    """Return the platform tag by which a target can use a wheel, the one that needs the least; ``None`` if it cannot.

    Args:
        filename: of the wheel; without tags of an ABI that the target loads, it cannot be used.
    """
    try:
        tags = parse_wheel_filename(filename)[3]
    except InvalidWheelFilename:
        return None
    return _best(tags, target)


def fits_tags(tags: Sequence[str], target: Target) -> bool:
    """Whether a target can use what was installed from a wheel.

    Args:
        tags: of the wheel, ``cp313-cp313-manylinux_2_17_x86_64``; without any, nothing speaks against it.
    """
    found = frozenset(tag for text in tags if text.count("-") == 2 for tag in parse_tag(text))
    return not found or _best(found, target) is not None


def _best(tags: Iterable[Tag], target: Target) -> WheelTag | None:
    names = {tag.platform for tag in tags if _is_loaded(tag, target)}
    if ANY.name in names:
        return ANY
    found = [tag for tag in target.wheel_tags if tag.name in names]
    return min(found, key=lambda tag: (not tag.version, tag.version), default=None)


def _is_loaded(tag: Tag, target: Target) -> bool:
    """Whether the ABI of a wheel, and the Python that it is for, are those of the target, or stable ones."""
    series = version_numbers(target.series)
    python = re.fullmatch(r"(cp|py)(\d)(\d*)", tag.interpreter)
    if python is None:
        return False
    version = (int(python[2]), *([int(python[3])] if python[3] else []))
    if tag.abi == f"cp{target.version}":
        return True
    return tag.abi in ("abi3", "none") and version <= series and version[0] == series[0]
