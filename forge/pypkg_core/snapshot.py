"""Where packaged files appear at run time: the snapshot's root and the directories below it (docs/image-format.md)."""

from __future__ import annotations

from typing import Final

__all__ = ["SITE_PACKAGES", "SNAPSHOT_ROOT", "snapshot_path", "stdlib_directory"]

SNAPSHOT_ROOT: Final = "/snapshot"
"""The absolute path of the snapshot."""

SITE_PACKAGES: Final = "site-packages"
"""The directory of installed distributions, relative to the root."""


def snapshot_path(relative: str) -> str:
    """Return the absolute path of ``relative``, which has no leading slash; ``""`` is the root itself."""
    return f"{SNAPSHOT_ROOT}/{relative}" if relative else SNAPSHOT_ROOT


def stdlib_directory(series: str) -> str:
    """Return the directory of the standard library of a Python series ("3.13"), relative to the root."""
    return f"lib/python{series}"
