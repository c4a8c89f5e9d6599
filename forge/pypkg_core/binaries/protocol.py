"""The interface of executable formats, and the locator that all formats share."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from pypkg_core.binaries.binary import Binary
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.errors import PypkgError
from pypkg_core.image.pieces import Pieces

__all__ = ["LOCATOR", "ExecutableFormat", "Plan", "Span", "find_locator", "not_supported"]

LOCATOR: Final = struct.Struct("<QQ")
"""Follows the locator's magic: the image's address relative to the start of the program, and its size."""

# docs/image-format.md, "The locator". Inverted, because the packager may itself be packaged: its bytecode must
# not contain the magic.
_INVERTED_MAGIC = bytes.fromhex("70afa6afb4b8f2f5e5f5582ca13e691b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A range of a file, in bytes."""

    offset: int
    size: int


class Plan(Protocol):
    """The layout of an executable with an image; planning finds every conflict before a byte is written."""

    def write(self, image: Pieces, out: BinaryIO) -> None:
        """Write the executable with ``image``, which must have the planned size."""


class ExecutableFormat(Protocol):
    """An executable format. ``shown`` is the name of the file in errors; every method may raise `PypkgError`."""

    def matches(self, data: Bytes) -> bool:
        """Return whether a file that begins with ``data`` has this format."""

    def inspect(self, data: Bytes, shown: object) -> tuple[Binary, ...]:
        """Return what is known of the file ``data``, for each processor that it has code for.

        It may be any native file, from anywhere: damage ends with `PypkgError`, in a time that its size bounds.
        """

    def plan(self, data: Bytes, image_size: int, shown: object) -> Plan:
        """Plan the executable ``data`` with an image of ``image_size`` bytes."""

    def finish(self, file: BinaryIO, shown: object) -> None:
        """Complete the executable in ``file``, which is open for reading and writing: its checksum, its signature."""

    def locate(self, data: Bytes, shown: object) -> Span:
        """Find the image in the executable ``data``."""


def not_supported(name: str, shown: object) -> PypkgError:
    """Return the error that an image can be neither attached to an executable of a format nor found in one.

    Args:
        name: the format's: "PE".
    """
    return PypkgError(
        f"{shown} is a {name} executable: attaching to {name} is not supported yet",
        hint="`pypkg-forge list` shows the targets that can be packaged for",
    )


def find_locator(data: Bytes, end: int, shown: object) -> int:
    """Return the offset of the two numbers that follow the locator's magic.

    Args:
        end: where the search ends: at the first byte of an image, which may contain the magic by chance.

    Raises:
        PypkgError: the magic occurs never, or more than once.
    """
    magic = bytes(value ^ 0xFF for value in _INVERTED_MAGIC)
    first = data.find(magic, 0, end)
    if first < 0 or first + len(magic) + LOCATOR.size > end:
        raise PypkgError(f"{shown} is not a base of pypkg: it has no locator", hint="Build or fetch the base again")
    if data.find(magic, first + 1, end) >= 0:
        raise PypkgError(f"{shown} has more than one locator", hint="Build the base again")
    return first + len(magic)
