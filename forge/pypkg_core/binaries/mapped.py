"""Mapped files: an executable may be larger than the available memory."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import TypeAlias

from pypkg_core.errors import PypkgError

__all__ = ["Bytes", "map_file"]

Bytes: TypeAlias = bytes | mmap.mmap


def map_file(path: Path) -> Bytes:
    """Return the contents of a file, which must not change in the meantime.

    Raises:
        PypkgError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""
    except OSError as error:
        raise PypkgError(f"Cannot read {path}: {error.strerror}") from error
