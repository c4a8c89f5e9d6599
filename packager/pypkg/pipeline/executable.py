"""Write an executable: base and image in one file, verified before it gets its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.binaries import attach_image, read_image
from pypkg_core.errors import PypkgError
from pypkg_core.image import Pieces

__all__ = ["prepare_directory", "write_executable"]

_OTHER_PATH: Final = "Choose another path with --output"


def prepare_directory(path: Path) -> None:
    """Create the directory of an executable and check that it can be written, before the long work.

    Raises:
        PypkgError: it cannot be created or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PypkgError(f"Cannot write {path}: {error.strerror}", hint=_OTHER_PATH) from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PypkgError(f"Cannot write {path}: Permission denied", hint=_OTHER_PATH)


def write_executable(base: Path, image: Pieces, path: Path) -> int:
    """Write an executable and return its size in bytes.

    Args:
        base: the base binary.
        image: attached to it.
        path: replaced only when everything is written and verified.

    Raises:
        PypkgError: it cannot be written, or differs when read back.
    """
    with atomic_write(path, 0o755) as file:
        attach_image(base, image, file)
        file.flush()
        _verify(Path(file.name), image)
        return file.seek(0, os.SEEK_END)


def _verify(path: Path, image: Pieces) -> None:
    """Read an executable back: a full or faulty disk must not leave a damaged one behind."""
    found = read_image(path)
    if not image.matches(found.data):
        raise PypkgError(f"Cannot write {path}: the bytes read back differ from those written")
    found.verify()
