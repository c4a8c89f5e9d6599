"""The headers of an ELF file that a loader and ``strip`` use (System V ABI, gabi.xinuos.com: Object Files).

Little-endian, 32 and 64 bits. One table of fields serves reading and writing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from pypkg_core.binaries.magics import ELF_MAGIC
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.errors import PypkgError

__all__ = ["ElfFile", "Layout", "Section", "SectionFlag", "SectionType", "Segment", "SegmentFlag", "SegmentType"]


_LARGEST_HEADER: Final = 64


class SegmentType(IntEnum):
    """Types of program headers."""

    LOAD = 1
    DYNAMIC = 2
    INTERP = 3
    NOTE = 4
    GNU_STACK = 0x6474E551
    GNU_RELRO = 0x6474E552
    GNU_PROPERTY = 0x6474E553


class SegmentFlag(IntFlag):
    """Flags of program headers."""

    EXECUTE = 1
    READ = 4


class SectionType(IntEnum):
    """Types of sections."""

    NULL = 0
    PROGBITS = 1
    SYMTAB = 2
    NOBITS = 8
    DYNSYM = 11


class SectionFlag(IntFlag):
    """Flags of sections."""

    ALLOC = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A program header."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A section header."""

    name: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    addralign: int
    entsize: int

    @property
    def allocated(self) -> bool:
        """Whether the section is in memory at run time."""
        return bool(self.flags & SectionFlag.ALLOC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The structures of an ELF class; the order of a program header's fields differs between 32 and 64 bits."""

    bits: int
    header: struct.Struct
    segment: struct.Struct
    segment_fields: tuple[str, ...]
    section: struct.Struct
    dynamic: struct.Struct  # tag, value
    symbol: struct.Struct  # name, info, other, section
    symbol_other_at: int

    def pack_segment(self, segment: Segment) -> bytes:
        """Return the bytes of a program header."""
        return self.segment.pack(*(getattr(segment, name) for name in self.segment_fields))

    def pack_section(self, section: Section) -> bytes:
        """Return the bytes of a section header."""
        return self.section.pack(*(getattr(section, name) for name in _SECTION_FIELDS))


# fmt: off
_HEADER_FIELDS: Final = (
    "ident", "type", "machine", "version", "entry", "phoff", "shoff", "flags",
    "ehsize", "phentsize", "phnum", "shentsize", "shnum", "shstrndx",
)
_SECTION_FIELDS: Final = (
    "name", "type", "flags", "addr", "offset", "size", "link", "info", "addralign", "entsize",
)
_SEGMENT_FIELDS_32: Final = ("type", "offset", "vaddr", "paddr", "filesz", "memsz", "flags", "align")
_SEGMENT_FIELDS_64: Final = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")
# fmt: on

_LAYOUTS: Final = {
    1: Layout(
        bits=32,
        header=struct.Struct("<16sHHIIIIIHHHHHH"),
        segment=struct.Struct("<8I"),
        segment_fields=_SEGMENT_FIELDS_32,
        section=struct.Struct("<10I"),
        dynamic=struct.Struct("<II"),
        symbol=struct.Struct("<I8xBBH"),
        symbol_other_at=13,
    ),
    2: Layout(
        bits=64,
        header=struct.Struct("<16sHHIQQQIHHHHHH"),
        segment=struct.Struct("<IIQQQQQQ"),
        segment_fields=_SEGMENT_FIELDS_64,
        section=struct.Struct("<IIQQQQIIQQ"),
        dynamic=struct.Struct("<QQ"),
        symbol=struct.Struct("<IBBH16x"),
        symbol_other_at=5,
    ),
}


class ElfFile:
    """The header and tables of an ELF file; all offsets are checked.

    Args:
        data: the whole file.
        shown: the name of the file in errors.

    Raises:
        PypkgError: it is not a little-endian ELF file, or is truncated or damaged.
    """

    def __init__(self, data: Bytes, shown: object) -> None:
        self._shown = shown
        if data[:4] != ELF_MAGIC:
            raise self.error("is not an ELF file")
        self._check(data, 0, _LARGEST_HEADER)
        layout = _LAYOUTS.get(data[4])
        if layout is None or data[5] != 1:
            raise self.error("is neither a 32-bit nor a 64-bit little-endian ELF file")
        self.layout = layout
        self.header: dict[str, int] = dict(zip(_HEADER_FIELDS, layout.header.unpack_from(data), strict=True))
        segments = self._rows(data, layout.segment, "phoff", "phentsize", "phnum")
        self.segments = [Segment(**dict(zip(layout.segment_fields, row, strict=True))) for row in segments]
        sections = self._rows(data, layout.section, "shoff", "shentsize", "shnum")
        self.sections = [Section(**dict(zip(_SECTION_FIELDS, row, strict=True))) for row in sections]
        for segment in self.segments:
            self._check(data, segment.offset, segment.filesz)
            if segment.type == SegmentType.LOAD and segment.memsz < segment.filesz:
                raise self.error("is damaged: a segment is larger in the file than in memory")
        for section in self.sections:
            if section.type not in (SectionType.NULL, SectionType.NOBITS):
                self._check(data, section.offset, section.size)
        self._names = b""
        if self.sections:
            if self.header["shstrndx"] >= len(self.sections):
                raise self.error("is damaged: its section names are missing")
            names = self.sections[self.header["shstrndx"]]
            self._names = data[names.offset : names.offset + names.size]

    @property
    def loads(self) -> list[Segment]:
        """The segments that are loaded, in file order."""
        return [segment for segment in self.segments if segment.type == SegmentType.LOAD]

    @property
    def start(self) -> int:
        """The address of the ELF header in memory (``__ehdr_start``), before relocation."""
        for segment in self.loads:
            if segment.offset == 0:
                return segment.vaddr
        raise self.error("does not load its own header")

    def find_section(self, name: bytes) -> int | None:
        """Return the number of the section called ``name``, or ``None``."""
        for number, section in enumerate(self.sections):
            end = self._names.find(b"\0", section.name)
            if section.type != SectionType.NULL and self._names[section.name : max(end, 0)] == name:
                return number
        return None

    def pack_header(self, *, section_headers: int) -> bytes:
        """Return the bytes of the file header, with another offset of the section headers."""
        changed = self.header | {"shoff": section_headers}
        return self.layout.header.pack(*changed.values())

    def error(self, what: str) -> PypkgError:
        """Return an error about this file."""
        return PypkgError(f"{self._shown} {what}")

    def _rows(self, data: Bytes, row: struct.Struct, offset: str, size: str, count: str) -> list[tuple[int, ...]]:
        at, number = self.header[offset], self.header[count]
        if number == 0:
            return []
        if self.header[size] != row.size:
            raise self.error(f"is damaged: {size} is {self.header[size]}, expected {row.size}")
        self._check(data, at, number * row.size)
        return list(row.iter_unpack(data[at : at + number * row.size]))

    def _check(self, data: Bytes, offset: int, size: int) -> None:
        if offset + size > len(data):
            raise self.error(f"is truncated: expected at least {offset + size} bytes, got {len(data)}")
