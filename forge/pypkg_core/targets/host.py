"""This machine: its target, and what it can run."""

from __future__ import annotations

import platform as host_platform
import sys
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue, latest_version

__all__ = ["host_target", "known_host", "runs_here"]

_DIGITS: Final = "0123456789"


def host_target() -> Target:
    """Return the target of this machine and of the running Python; for one that is not available, the latest.

    Raises:
        PypkgError: the table has no such platform or processor.
    """
    platform = _host_platform()
    processor = host_platform.machine()
    arch = next((row.name for row in catalogue().arches.values() if processor.lower() in (row.name, *row.aliases)), "")
    if not platform or not arch:
        raise PypkgError(f"This machine ({sys.platform}, {processor}) is not a target of pypkg")
    row = catalogue().versions.get(f"{sys.version_info.major}{sys.version_info.minor}")
    version = row.name if row is not None and row.available else latest_version()
    return Target(version=version, platform=platform, arch=arch)


def known_host() -> Target | None:
    """Return `host_target`, ``None`` if the table has no such machine."""
    try:
        return host_target()
    except PypkgError:
        return None


def _host_platform() -> str:
    """Return the first platform of the table for this system, by its C library if several are for this system."""
    system = sys.platform.rstrip(_DIGITS)
    found = [row for row in catalogue().platforms.values() if row.sys_platform.rstrip(_DIGITS) == system]
    libc = host_platform.libc_ver()[0] or "musl"  # older versions of Python do not recognise musl
    matching = [row for row in found if row.libc == libc] if len(found) > 1 else found
    return matching[0].name if matching else ""


def runs_here(target: Target, host: Target | None = None) -> bool:
    """Whether a machine can run the executables of a target.

    Its own platform's, and those that need no library of the system, which run wherever the kernel is the same.

    Args:
        target: of any Python version.
        host: the machine, as a target; this one if ``None``.
    """
    host = host or known_host()
    if host is None or target.arch != host.arch:
        return False
    same_system = target.facts.sys_platform == host.facts.sys_platform
    return target.platform == host.platform or (same_system and target.is_static)
