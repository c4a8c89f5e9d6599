"""Static libraries: ar(5), System V variant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pypkg_core.binaries.protocol import Span
from pypkg_core.errors import PypkgError

__all__ = ["AR_MAGIC", "members"]

AR_MAGIC: Final = b"!<arch>\n"
_HEADER_SIZE: Final = 60
_SIZE_FIELD: Final = slice(48, 58)


def members(data: bytes | bytearray, shown: object) -> Iterator[Span]:
    """Return where the contents of each member are, the index of symbols and long names included.

    Raises:
        PypkgError: it is not a static library, or is damaged.
    """
    if not data.startswith(AR_MAGIC):
        raise PypkgError(f"{shown} is not a static library")
    at = len(AR_MAGIC)
    while at + _HEADER_SIZE <= len(data):
        field = bytes(data[at : at + _HEADER_SIZE][_SIZE_FIELD]).rstrip(b" ")
        start = at + _HEADER_SIZE
        if not field.isdigit() or start + int(field) > len(data):
            raise PypkgError(f"{shown} is damaged: the size of the member at offset {at} is {field!r}")
        yield Span(offset=start, size=int(field))
        at = start + int(field) + int(field) % 2
