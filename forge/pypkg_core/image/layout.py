"""The byte layout of an image: see docs/image-format.md, version 1."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = [
    "BUNDLE",
    "CHECKSUM_SIZE",
    "DATA_ALIGNMENT",
    "ENTRY",
    "FLAG_WITHHELD",
    "HEADER",
    "MAGIC",
    "MAX_PATH",
    "MODE_DIRECTORY",
    "MODE_EXECUTABLE",
    "MODE_FILE",
    "MODE_LINK",
    "MODULE",
    "SLOT_SIZE",
    "TABLE_ALIGNMENT",
    "VERSION",
    "Codec",
    "EntryType",
    "Header",
    "ModuleKind",
    "align",
    "slot_count",
]

MAGIC: Final = b"PYPKGIMG"
VERSION: Final = 1
MAX_PATH: Final = 4095
TABLE_ALIGNMENT: Final = 8
DATA_ALIGNMENT: Final = 16
CHECKSUM_SIZE: Final = 8
SLOT_SIZE: Final = 4

HEADER: Final = struct.Struct("<8sII11Q6IQIIQII")
ENTRY: Final = struct.Struct("<QIIIBBHIIQQQqQ")
MODULE: Final = struct.Struct("<QIIIBBHQQQQQ")
BUNDLE: Final = struct.Struct("<32sIIII")

FLAG_WITHHELD: Final = 1
MODE_FILE: Final = 0o444
MODE_EXECUTABLE: Final = 0o555
MODE_DIRECTORY: Final = 0o555
MODE_LINK: Final = 0o777


class EntryType(IntEnum):
    """Types of entries."""

    FILE = 1
    DIRECTORY = 2
    LINK = 3


class Codec(IntEnum):
    """Encodings of files and code."""

    NONE = 0
    GZIP = 1
    BROTLI = 2
    ZSTD = 3


class ModuleKind(IntEnum):
    """Kinds of modules."""

    MODULE = 1
    PACKAGE = 2
    NAMESPACE = 3
    EXTENSION = 4
    EXTENSION_PACKAGE = 5

    @property
    def has_code(self) -> bool:
        """Whether a module of this kind has marshalled code in the image."""
        return self in (ModuleKind.MODULE, ModuleKind.PACKAGE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The numbers of the header in stored order; offsets and sizes in bytes."""

    image_size: int
    entries_offset: int
    path_slots_offset: int
    children_offset: int
    modules_offset: int
    module_slots_offset: int
    bundles_offset: int
    strings_offset: int
    strings_size: int
    data_offset: int
    data_size: int
    entry_count: int
    path_slot_count: int
    child_count: int
    module_count: int
    module_slot_count: int
    bundle_count: int
    manifest_offset: int
    manifest_size: int
    search_path_size: int
    search_path_offset: int
    options_offset: int
    options_size: int

    def pack(self) -> bytes:
        """Return the 160 bytes of the header."""
        numbers = [getattr(self, name) for name in self.__slots__]
        return HEADER.pack(MAGIC, VERSION, HEADER.size, *numbers)


def align(offset: int, alignment: int) -> int:
    """Return ``offset``, rounded up to a multiple of ``alignment``."""
    return -(-offset // alignment) * alignment


def slot_count(count: int) -> int:
    """Return the number of slots of a hash table for ``count`` items: the first power of two above twice the count."""
    result: int = 1 << (2 * count).bit_length()
    return result
