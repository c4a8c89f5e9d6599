"""The header of an image and its directory of sections: where everything is (docs/image-format.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import (
    CHECKSUM_SIZE,
    CRITICAL_FLAGS,
    HEADER,
    MAGIC,
    MAJOR,
    MINOR,
    REQUIRED,
    ROW_SIZES,
    SECTION,
    SECTION_ALIGNMENT,
    ImageFlag,
    Section,
)
from pypkg_core.image.other_format import other_format

__all__ = ["Directory", "damaged", "pack_directory", "read_directory"]

_UPDATE: Final = "Update pypkg, or package again"
_KNOWN_FLAGS: Final = int(sum(ImageFlag))
_KINDS: Final = frozenset(map(int, Section))


def damaged(what: str) -> PypkgError:
    """Return the error for a damaged image."""
    return PypkgError(f"The image is damaged: {what}", hint="Get the file again, or package again")


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """The numbers of the header, and offset and size of each section, in bytes; one that is missing is empty.

    Attributes:
        flags: those that this version knows.
        checked_size: how much the checksum covers.
        mtime: of every entry, in seconds since 1970.
    """

    flags: ImageFlag
    image_size: int
    checked_size: int
    mtime: int
    sections: Mapping[Section, tuple[int, int]]

    def count(self, section: Section) -> int:
        """Return the number of rows of a section."""
        return self.sections[section][1] // ROW_SIZES[section]


def pack_directory(sections: Mapping[Section, tuple[int, int]], *, flags: ImageFlag, mtime: int) -> bytes:
    """Return the header and the directory of an image whose last section is the data."""
    data_offset, data_size = sections[Section.DATA]
    header = HEADER.pack(
        MAGIC,
        MAJOR,
        MINOR,
        flags,
        HEADER.size,
        len(sections),
        data_offset + data_size,
        data_offset - CHECKSUM_SIZE,
        mtime,
    )
    return header + b"".join(SECTION.pack(kind, 0, *span) for kind, span in sorted(sections.items()))


def read_directory(view: memoryview) -> Directory:
    """Return the directory of the image that ``view`` begins with; its checksum and the ranges are checked.

    Raises:
        PypkgError: it is not an image, of another format (`OtherFormatError`), truncated or damaged.
    """
    if len(view) < HEADER.size:
        raise damaged(f"expected at least {HEADER.size} bytes, got {len(view)}")
    magic, major, _minor, flags, header_size, count, image_size, checked, mtime = HEADER.unpack_from(view)
    if magic != MAGIC:
        raise damaged("it does not begin with the magic")
    if major != MAJOR:
        raise other_format(view)
    if image_size > len(view):
        raise damaged(f"it is truncated: expected {image_size} bytes, got {len(view)}")
    end = header_size + SECTION.size * count
    if header_size < HEADER.size or header_size % SECTION_ALIGNMENT or not end <= checked <= image_size - CHECKSUM_SIZE:
        raise damaged("the sizes in its header are wrong")
    if xxh64(view[:checked]) != int.from_bytes(view[checked : checked + CHECKSUM_SIZE], "little"):
        raise damaged("its tables do not match their checksum")
    if unknown := flags & CRITICAL_FLAGS & ~_KNOWN_FLAGS:
        raise PypkgError(f"The image has flags that this pypkg does not know: {unknown:#x}", hint=_UPDATE)
    found = Directory(
        flags=ImageFlag(flags & _KNOWN_FLAGS),
        image_size=image_size,
        checked_size=checked,
        mtime=mtime,
        sections=_sections(view[header_size:end], image_size, checked),
    )
    for slots, rows in ((Section.PATH_SLOTS, Section.ENTRIES), (Section.MODULE_SLOTS, Section.MODULES)):
        number = found.count(slots)
        if number & (number - 1) or number <= found.count(rows):
            raise damaged(f"its {_shown(slots)} are {number} for {found.count(rows)} rows")
    if not found.count(Section.ENTRIES):
        raise damaged("it has no entries")
    return found


def _sections(rows: memoryview, image_size: int, checked_size: int) -> dict[Section, tuple[int, int]]:
    found: dict[Section, tuple[int, int]] = {}
    for kind, flags, offset, size in SECTION.iter_unpack(rows):
        if offset + size > image_size:
            raise damaged(f"its section {kind} is outside the image")
        if kind not in _KINDS:
            if flags & REQUIRED:
                raise PypkgError(f"The image has a section that this pypkg does not know: {kind}", hint=_UPDATE)
            continue
        section = Section(kind)
        if section in found:
            raise damaged(f"it has {_shown(section)} twice")
        if offset % SECTION_ALIGNMENT or size % ROW_SIZES[section] or size // ROW_SIZES[section] >= _limit(section):
            raise damaged(f"offset or size of its {_shown(section)} are wrong")
        if section is not Section.DATA and offset + size > checked_size:
            raise damaged(f"its {_shown(section)} are not covered by the checksum")
        found[section] = (offset, size)
    return {section: found.get(section, (0, 0)) for section in Section}


def _limit(section: Section) -> int:
    """Return the number of rows that a section cannot have: rows are numbered with 32 bits."""
    return 1 << (32 if ROW_SIZES[section] > 1 else 64)


def _shown(section: Section) -> str:
    return section.name.lower().replace("_", " ")
