"""The image in an ELF executable: a read-only PT_LOAD and the section ``.note.pypkg`` (docs/image-format.md)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from pypkg_core.binaries.binary import Binary
from pypkg_core.binaries.elf.file import ElfFile, Section, SectionFlag, SectionType, Segment, SegmentFlag, SegmentType
from pypkg_core.binaries.elf.inspect import inspect
from pypkg_core.binaries.magics import ELF_MAGIC
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.protocol import LOCATOR, Span, find_locator
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import align
from pypkg_core.image.pieces import Pieces

__all__ = ["ElfFormat"]

_SECTION: Final = b".note.pypkg"
_ALIGNMENT: Final = 0x10000  # the largest page size of any supported Linux (arm64, ppc64)
_SECTION_ALIGNMENT: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class _ElfPlan:
    """The executable: the base's segments, the image, the sections that are not loaded, the section headers."""

    base: Bytes
    elf: ElfFile
    locator: int
    body_size: int
    image: Segment
    segments: Sequence[Segment]
    sections: Sequence[Section]
    moved: Sequence[tuple[Span, int]]
    section_headers: int

    def write(self, image: Pieces, out: BinaryIO) -> None:
        """See `pypkg_core.binaries.protocol.Plan`."""
        if len(image) != self.image.filesz:
            raise PypkgError(f"An image of {len(image)} bytes does not fit a plan for {self.image.filesz}")
        layout = self.elf.layout
        start = out.tell()
        with memoryview(self.base) as base:  # written from the mapping: a base has tens of megabytes
            out.write(base[: self.body_size])
        out.write(bytes(self.image.offset - self.body_size))
        image.write(out)
        position = self.image.offset + len(image)
        for span, offset in self.moved:
            out.write(bytes(offset - position))
            out.write(self.base[span.offset : span.offset + span.size])
            position = offset + span.size
        out.write(bytes(self.section_headers - position))
        out.write(b"".join(map(layout.pack_section, self.sections)))
        changed = {
            0: self.elf.pack_header(section_headers=self.section_headers),
            self.elf.header["phoff"]: b"".join(map(layout.pack_segment, self.segments)),
            self.locator: LOCATOR.pack(self.image.vaddr - self.elf.start, len(image)),
        }
        for offset, data in changed.items():
            out.seek(start + offset)
            out.write(data)
        out.seek(0, os.SEEK_END)


class ElfFormat:
    """ELF, little-endian, 32 and 64 bits."""

    def matches(self, data: Bytes) -> bool:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return data[:4] == ELF_MAGIC

    def inspect(self, data: Bytes, shown: object) -> tuple[Binary, ...]:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return (inspect(data, shown),)

    def finish(self, file: BinaryIO, shown: object) -> None:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`; ELF has neither checksum nor signature."""

    def locate(self, data: Bytes, shown: object) -> Span:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        elf = ElfFile(data, shown)
        address, size = LOCATOR.unpack_from(data, find_locator(data, _image_start(elf), shown))
        if not address:
            raise elf.error("is a base without an image")
        for segment in elf.loads:
            if segment.vaddr == elf.start + address and segment.filesz >= size:
                return Span(offset=segment.offset, size=size)
        raise elf.error("is damaged: its locator does not point to a segment")

    def plan(self, data: Bytes, image_size: int, shown: object) -> _ElfPlan:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        elf = ElfFile(data, shown)
        number, old = _find_note(elf)
        others = [segment for segment in elf.segments if segment is not old]
        loads = [segment for segment in others if segment.type == SegmentType.LOAD]
        if not loads:
            raise elf.error("cannot hold the image: it has no loaded segment")
        body_size = max(segment.offset + segment.filesz for segment in others)
        if image_size < 1 or elf.header["phoff"] + elf.layout.segment.size * len(elf.segments) > body_size:
            raise elf.error("cannot hold the image: its program headers are not loaded")
        address = align(max(segment.vaddr + segment.memsz for segment in loads), _ALIGNMENT)
        offset = align(body_size, _ALIGNMENT)
        image = Segment(
            type=SegmentType.LOAD,
            flags=SegmentFlag.READ,
            offset=offset,
            vaddr=address,
            paddr=address,
            filesz=image_size,
            memsz=image_size,
            align=_ALIGNMENT,
        )
        sections, moved, end = _move_sections(elf, number, image, body_size)
        if max(address, end) + image_size >> (elf.layout.bits - 1):
            raise elf.error(f"cannot hold an image of {image_size} bytes: it exceeds {elf.layout.bits}-bit addresses")
        return _ElfPlan(
            base=data,
            elf=elf,
            locator=find_locator(data, min(body_size, _image_start(elf)), shown),
            body_size=body_size,
            image=image,
            segments=_insert(others, image),
            sections=sections,
            moved=moved,
            section_headers=align(end, elf.layout.bits // 8),
        )


def _find_note(elf: ElfFile) -> tuple[int, Segment]:
    """Return the number of the image's section, and its segment: a PT_NOTE, or the PT_LOAD of an attached image."""
    number = elf.find_section(_SECTION)
    if number is None:
        raise elf.error("is not a base of pypkg: it has no section .note.pypkg")
    section = elf.sections[number]
    for segment in elf.segments:
        if (
            segment.type in (SegmentType.NOTE, SegmentType.LOAD)
            and (segment.vaddr, segment.filesz) == (section.addr, section.size)
            and (segment.type == SegmentType.NOTE or segment.offset)
        ):
            return number, segment
    raise elf.error("is not a base of pypkg: the section .note.pypkg has no segment of its own")


def _image_start(elf: ElfFile) -> int:
    """Return the file offset of the attached image; without one, the end of the loaded part."""
    number = elf.find_section(_SECTION)
    loads = elf.loads
    if number is not None:
        for segment in loads:
            if segment.vaddr == elf.sections[number].addr and segment.offset:
                return segment.offset
    return max((segment.offset + segment.filesz for segment in loads), default=0)


def _insert(segments: Sequence[Segment], image: Segment) -> list[Segment]:
    """Insert the image after the last PT_LOAD: some loaders require ascending addresses."""
    last = max(number for number, segment in enumerate(segments) if segment.type == SegmentType.LOAD)
    return [*segments[: last + 1], image, *segments[last + 1 :]]


def _move_sections(
    elf: ElfFile, number: int, image: Segment, body_size: int
) -> tuple[list[Section], list[tuple[Span, int]], int]:
    """Move the sections that are not loaded behind the image: ``strip`` cuts the file after the last loaded byte."""
    sections = list(elf.sections)
    sections[number] = replace(
        sections[number],
        type=SectionType.PROGBITS,
        flags=SectionFlag.ALLOC,
        addr=image.vaddr,
        offset=image.offset,
        size=image.filesz,
        addralign=_SECTION_ALIGNMENT,
        entsize=0,
    )
    moved = []
    end = image.offset + image.filesz
    for index, section in sorted(enumerate(elf.sections), key=lambda item: item[1].offset):
        if index == number or section.allocated or section.type in (SectionType.NULL, SectionType.NOBITS):
            continue
        if section.offset + section.size <= body_size:
            continue
        if section.addralign > _ALIGNMENT:
            raise elf.error(f"is damaged: a section is aligned to {section.addralign} bytes")
        offset = align(end, max(section.addralign, 1))
        sections[index] = replace(section, offset=offset)
        moved.append((Span(offset=section.offset, size=section.size), offset))
        end = offset + section.size
    return sections, moved, end
