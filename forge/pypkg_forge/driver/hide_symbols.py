"""Hides the symbols of static libraries, so that a base exports only Python's API.

A native addon with its own copy of a bundled library must not bind to ours. Linkers have options for that, which zig's
does not accept; so the visibility, a byte of each symbol, is set in the objects.

Formats: ar(5), System V variant; ELF, gabi.xinuos.com, "Symbol Table".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError

__all__ = ["hide_symbols"]

_AR_MAGIC: Final = b"!<arch>\n"
_AR_HEADER_SIZE: Final = 60
_ELF_MAGIC: Final = b"\x7fELF"
_SHT_SYMTAB: Final = 2
_SHN_UNDEF: Final = 0
_STB_GLOBAL: Final = 1
_STB_WEAK: Final = 2
_STV_HIDDEN: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Class:
    """Formats and offsets in bytes of an ELF class (32 or 64 bits, little-endian)."""

    section_offset: struct.Struct
    section_offset_at: int
    section_count_at: int
    section_size: int
    section: struct.Struct  # type, offset, size
    symbol_size: int
    info_at: int
    other_at: int
    index_at: int


_CLASSES: Final = {
    1: _Class(
        section_offset=struct.Struct("<I"),
        section_offset_at=32,
        section_count_at=48,
        section_size=40,
        section=struct.Struct("<4xI8xII"),
        symbol_size=16,
        info_at=12,
        other_at=13,
        index_at=14,
    ),
    2: _Class(
        section_offset=struct.Struct("<Q"),
        section_offset_at=40,
        section_count_at=60,
        section_size=64,
        section=struct.Struct("<4xI16xQQ"),
        symbol_size=24,
        info_at=4,
        other_at=5,
        index_at=6,
    ),
}


def hide_symbols(archive: Path) -> int:
    """Hide every symbol that the objects of a static library define; return the number of symbols that were visible.

    Raises:
        PypkgError: the file cannot be read or written, or is not a static library of little-endian ELF objects.
    """
    try:
        data = bytearray(archive.read_bytes())
    except OSError as error:
        raise PypkgError(f"Cannot read {archive}: {error.strerror}") from error
    if not data.startswith(_AR_MAGIC):
        raise PypkgError(f"{archive} is not a static library")
    try:
        hidden = sum(_hide_in_object(data, start) for start in _objects(data))
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise PypkgError(f"{archive} is damaged: {error}") from error
    if hidden:
        with atomic_write(archive) as out:
            out.write(data)
    return hidden


def _objects(data: bytearray) -> Iterator[int]:
    at = len(_AR_MAGIC)
    while at + _AR_HEADER_SIZE <= len(data):
        size = int(data[at + 48 : at + 58])
        start = at + _AR_HEADER_SIZE
        if data[start : start + 4] == _ELF_MAGIC:
            yield start
        at = start + size + size % 2


def _hide_in_object(data: bytearray, start: int) -> int:
    if data[start + 5] != 1:
        raise ValueError("an object is not little-endian")
    kind = _CLASSES[data[start + 4]]
    (table,) = kind.section_offset.unpack_from(data, start + kind.section_offset_at)
    (count,) = struct.unpack_from("<H", data, start + kind.section_count_at)
    hidden = 0
    for number in range(count):
        section_type, offset, size = kind.section.unpack_from(data, start + table + number * kind.section_size)
        if section_type != _SHT_SYMTAB:
            continue
        for symbol in range(start + offset, start + offset + size, kind.symbol_size):
            (section,) = struct.unpack_from("<H", data, symbol + kind.index_at)
            binding = data[symbol + kind.info_at] >> 4
            other = data[symbol + kind.other_at]
            if section != _SHN_UNDEF and binding in (_STB_GLOBAL, _STB_WEAK) and other & 3 == 0:
                data[symbol + kind.other_at] = other | _STV_HIDDEN
                hidden += 1
    return hidden
