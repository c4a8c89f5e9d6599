"""What an executable format can do, and the locator that all formats have in common."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from pypkg_core.binaries.mapped import Bytes
from pypkg_core.errors import PypkgError
from pypkg_core.image.pieces import Pieces

__all__ = ["LOCATOR", "ExecutableFormat", "Plan", "Span", "find_locator"]

LOCATOR: Final = struct.Struct("<QQ")
"""What follows the locator's magic: address of the image from the start of the program, size of the image."""

# docs/image-format.md, "Where the image is". Inverted, because the packager may itself be packaged: the magic must
# not occur in its bytecode.
_INVERTED_MAGIC = bytes.fromhex("70afa6afb4b8f2f5e5f5582ca13e691b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a file, in bytes."""

    offset: int
    size: int


class Plan(Protocol):
    """An image's place in an executable, with every conflict found."""

    def write(self, image: Pieces, out: BinaryIO) -> None:
        """Write the executable with ``image``, which must have the size that was planned for."""


class ExecutableFormat(Protocol):
    """One executable format. ``shown`` is what errors call the file."""

    def matches(self, data: Bytes) -> bool:
        """Return whether this is the format of a file that begins with ``data``."""

    def plan(self, data: Bytes, image_size: int, shown: object) -> Plan:
        """Find a place for an image of ``image_size`` bytes in the executable ``data``; raises `PypkgError`."""

    def locate(self, data: Bytes, shown: object) -> Span:
        """Find the image in the executable ``data``; raises `PypkgError` if it has none."""


def find_locator(data: Bytes, end: int, shown: object) -> int:
    """Return the offset of the two numbers after the locator's magic.

    Args:
        end: where to stop looking: the first byte of an image, whose contents may be anything.

    Raises:
        PypkgError: the magic is not there, or there more than once.
    """
    magic = bytes(value ^ 0xFF for value in _INVERTED_MAGIC)
    first = data.find(magic, 0, end)
    if first < 0 or first + len(magic) + LOCATOR.size > end:
        raise PypkgError(
            f"{shown} is not a base of pypkg: it has no locator", hint="Build or fetch the base again, or name another"
        )
    if data.find(magic, first + 1, end) >= 0:
        raise PypkgError(f"{shown} has more than one locator", hint="Build the base again")
    return first + len(magic)
