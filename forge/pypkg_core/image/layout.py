"""The byte layout of an image: see docs/image-format.md, version 2.0."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import Final

__all__ = [
    "BUNDLE",
    "CHECKSUM_SIZE",
    "CRITICAL_FLAGS",
    "DATA_ALIGNMENT",
    "DICTIONARY",
    "ENTRY",
    "ENTRY_POINT",
    "FLAG_WITHHELD",
    "HEADER",
    "MAGIC",
    "MAJOR",
    "MAX_DICTIONARIES",
    "MAX_NAME",
    "MAX_PATH",
    "MINOR",
    "MODE_DIRECTORY",
    "MODE_EXECUTABLE",
    "MODE_FILE",
    "MODE_LINK",
    "MODULE",
    "NUMBER",
    "REQUIRED",
    "ROW_SIZES",
    "SECTION",
    "SECTION_ALIGNMENT",
    "WRITTEN_ALIGNMENT",
    "Codec",
    "EntryType",
    "ImageFlag",
    "ModuleKind",
    "Section",
    "align",
    "slot_count",
]

MAGIC: Final = b"PYPKGIMG"
MAJOR: Final = 2
MINOR: Final = 0
MAX_PATH: Final = 4095
MAX_NAME: Final = 0xFFFF
"""The longest name of a module, in bytes."""
MAX_DICTIONARIES: Final = 0xFFFF
SECTION_ALIGNMENT: Final = 8
WRITTEN_ALIGNMENT: Final = 64
"""Where the writer begins a section: a row of the entries is then in one line of the processor's cache."""
DATA_ALIGNMENT: Final = 16
CHECKSUM_SIZE: Final = 8

HEADER: Final = struct.Struct("<8sHHIIIQQq")
SECTION: Final = struct.Struct("<IIQQ")
ENTRY: Final = struct.Struct("<QIIIBBHHHIQQQQ")
MODULE: Final = struct.Struct("<QIHHIBBHQQQQ")
BUNDLE: Final = struct.Struct("<32sIIII")
ENTRY_POINT: Final = struct.Struct("<IIIIII")
DICTIONARY: Final = struct.Struct("<QQQ")
NUMBER: Final = struct.Struct("<I")

REQUIRED: Final = 1
"""The flag of a section that a reader must know."""
CRITICAL_FLAGS: Final = 0xFFFF
"""The flags of an image that a reader must know."""
FLAG_WITHHELD: Final = 1
MODE_FILE: Final = 0o444
MODE_EXECUTABLE: Final = 0o555
MODE_DIRECTORY: Final = 0o555
MODE_LINK: Final = 0o777


class ImageFlag(IntFlag):
    """Flags of an image."""

    FOLDED = 1
    NO_REENTRY = 2


class Section(IntEnum):
    """Kinds of sections."""

    ENTRIES = 1
    PATH_SLOTS = 2
    CHILDREN = 3
    MODULES = 4
    MODULE_SLOTS = 5
    BUNDLES = 6
    ENTRY_POINTS = 7
    DICTIONARIES = 8
    STRINGS = 9
    SEARCH_PATH = 10
    MANIFEST = 11
    DATA = 12


ROW_SIZES: Final[Mapping[Section, int]] = {
    Section.ENTRIES: ENTRY.size,
    Section.PATH_SLOTS: NUMBER.size,
    Section.CHILDREN: NUMBER.size,
    Section.MODULES: MODULE.size,
    Section.MODULE_SLOTS: NUMBER.size,
    Section.BUNDLES: BUNDLE.size,
    Section.ENTRY_POINTS: ENTRY_POINT.size,
    Section.DICTIONARIES: DICTIONARY.size,
    Section.STRINGS: 1,
    Section.SEARCH_PATH: 1,
    Section.MANIFEST: 1,
    Section.DATA: 1,
}


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


def align(offset: int, alignment: int) -> int:
    """Return ``offset``, rounded up to a multiple of ``alignment``."""
    return -(-offset // alignment) * alignment


def slot_count(count: int) -> int:
    """Return the number of slots of a hash table for ``count`` items: the first power of two above twice the count."""
    result: int = 1 << (2 * count).bit_length()
    return result
