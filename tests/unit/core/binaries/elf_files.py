"""Small ELF files with the layout of a base as zig links it; they cannot run."""

from __future__ import annotations

import struct

MAGIC = bytes.fromhex("8f5059504b470d0a1a0aa7d35ec196e4")
NOTE = struct.pack("<III", 6, 4, 1) + b"pypkg\0\0\0" + bytes(4)


def elf_base(
    *, bits: int = 64, locators: int = 1, note: bool = True, load_address: int = 0, note_first: bool = False
) -> bytes:
    """Return a base without an image.

    Layout: header, program headers, .note.pypkg, .rodata with the locator(s), .data, .comment, .symtab-like rest,
    .shstrtab, section headers. ``note_first`` puts the PT_NOTE before the PT_LOADs.
    """
    wide = bits == 64
    header_size, segment_size, section_size = (64, 56, 64) if wide else (52, 32, 40)
    note_at = align(header_size + 3 * segment_size, 16)
    rodata_at = align(note_at + len(NOTE), 16)
    rodata = (MAGIC + bytes(16)) * locators + b"read-only data"
    data_at = align(rodata_at + len(rodata), 16)
    data = b"written data"
    comment_at = data_at + len(data)
    comment = b"made by a test\0"
    names = b"\0.note.pypkg\0.rodata\0.data\0.bss\0.comment\0.shstrtab\0"
    names_at = comment_at + len(comment)
    sections_at = align(names_at + len(names), 8)

    def segment(*fields: int) -> bytes:
        kind, flags, offset, address, size, memory, alignment = fields
        if wide:
            return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, memory, alignment)
        return struct.pack("<8I", kind, offset, address, address, size, memory, flags, alignment)

    def section(name: bytes, *fields: int) -> bytes:
        kind, flags, address, offset, size, alignment = fields
        layout = "<IIQQQQIIQQ" if wide else "<10I"
        return struct.pack(layout, names.find(name), kind, flags, address, offset, size, 0, 0, alignment, 0)

    base = load_address
    loads = segment(1, 4, 0, base, rodata_at + len(rodata), rodata_at + len(rodata), 0x1000)
    loads += segment(1, 6, data_at, base + 0x1000 + data_at, len(data), len(data) + 5000, 0x1000)
    notes = segment(4 if note else 7, 4, note_at, base + note_at, len(NOTE), len(NOTE), 16)
    segments = notes + loads if note_first else loads + notes
    sections = bytes(section_size)
    sections += section(b".note.pypkg" if note else b".rodata", 7, 2, base + note_at, note_at, len(NOTE), 16)
    sections += section(b".rodata", 1, 2, base + rodata_at, rodata_at, len(rodata), 16)
    sections += section(b".data", 1, 3, base + 0x1000 + data_at, data_at, len(data), 1)
    sections += section(b".bss", 8, 3, base + 0x1000 + comment_at, comment_at, 5000, 1)
    sections += section(b".comment", 1, 0x30, 0, comment_at, len(comment), 1)
    sections += section(b".shstrtab", 3, 0, 0, names_at, len(names), 1)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    fields = (
        3,
        62 if wide else 40,
        1,
        base,
        header_size,
        sections_at,
        0,
        header_size,
        segment_size,
        3,
        section_size,
        7,
        6,
    )
    header = struct.pack("<16sHHIQQQIHHHHHH" if wide else "<16sHHIIIIIHHHHHH", ident, *fields)
    parts = ((header_size, segments), (note_at, NOTE), (rodata_at, rodata), (data_at, data), (comment_at, comment))
    file = header
    for offset, part in (*parts, (names_at, names), (sections_at, sections)):
        file = file.ljust(offset, b"\0") + part
    return file


def align(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
