"""The marker environments of the targets that the tests lock for."""

from __future__ import annotations

from pypkg.environment.markers import target_markers
from pypkg_core.targets.catalogue import Target

LINUX = target_markers(Target(version="313", platform="linux", arch="x64"), "3.13.15")
OLD = target_markers(Target(version="311", platform="linux", arch="x64"), "3.11.16")
WINDOWS = {**LINUX, "sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"}


def digest(letter: str) -> str:
    """Return a SHA-256 of one letter."""
    return letter * 64
