"""Files that appear complete or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from pypkg_core.errors import PypkgError

__all__ = ["atomic_write", "temporary_beside"]

# Bytes: an executable is written in thousands of small pieces.
_BUFFER: Final = 1 << 20


def temporary_beside(path: Path) -> Path:
    """Return an unused name in the directory of ``path``, so that a rename to ``path`` stays on one file system."""
    return path.with_name(f".{path.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


@contextlib.contextmanager
def atomic_write(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a temporary file next to ``path``; rename it to ``path`` when the block ends without an exception.

    The block may flush the file and read it back under its ``name`` before it becomes visible. A killed process or a
    full disk leaves the old file. There is no fsync, so a reader must verify contents that have to survive a power
    failure.

    Args:
        path: the file to create or replace; its directory must exist.
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
        with os.fdopen(descriptor, "w+b", _BUFFER) as file:
            # fdopen names the file after its descriptor; the block needs the path.
            yield _named(file, temporary)
        temporary.replace(path)
    except OSError as error:
        # An error of the block about another file keeps its message.
        if error.filename is not None and str(error.filename) not in (str(temporary), str(path)):
            raise
        raise PypkgError(f"Cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _named(file: BinaryIO, path: Path) -> BinaryIO:
    file.raw.name = str(path)  # type: ignore[attr-defined]
    return file
