"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pypkg_core.errors import PypkgError

__all__ = ["atomic_write", "temporary_beside"]


def temporary_beside(path: Path) -> Path:
    """Return a free name in the folder of ``path``, so that a rename onto ``path`` stays on one file system."""
    return path.with_name(f".{path.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


@contextlib.contextmanager
def atomic_write(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path``; rename it onto ``path`` when the block ends without an exception.

    The block may flush the file and read it back under its ``name`` before it becomes visible. There is no fsync: a
    killed process or a full disk leaves the old file; after a power failure contents are checked by whoever reads them.

    Args:
        path: the file to create or replace; its folder must exist.
        mode: permission bits before the umask.

    Raises:
        PypkgError: the file cannot be created, written or renamed.
    """
    temporary = temporary_beside(path)
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), mode)
    except OSError as error:
        raise PypkgError(f"Cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            # fdopen names the file by its descriptor; readers inside the block want the path.
            yield _named(file, temporary)
        temporary.replace(path)
    except OSError as error:
        # An error about another file, raised by the block, keeps its own words.
        if error.filename is not None and str(error.filename) not in (str(temporary), str(path)):
            raise
        raise PypkgError(f"Cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _named(file: BinaryIO, path: Path) -> BinaryIO:
    file.raw.name = str(path)  # type: ignore[attr-defined]
    return file
