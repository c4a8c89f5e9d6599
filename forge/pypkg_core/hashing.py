"""SHA-256 as hexadecimal text."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

__all__ = ["file_sha256", "is_sha256"]

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's contents in lower-case hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_sha256(text: str) -> bool:
    """Return whether ``text`` is 64 lower-case hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None
