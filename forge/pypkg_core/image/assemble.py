"""Lays out an image: see docs/image-format.md."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.blob import Blob
from pypkg_core.image.codecs import Dictionary
from pypkg_core.image.contents import Contents, ModuleRow, path_hash
from pypkg_core.image.directory import pack_directory
from pypkg_core.image.layout import (
    BUNDLE,
    CHECKSUM_SIZE,
    DATA_ALIGNMENT,
    DICTIONARY,
    ENTRY,
    ENTRY_POINT,
    HEADER,
    MAX_DICTIONARIES,
    MODULE,
    ROW_SIZES,
    SECTION,
    WRITTEN_ALIGNMENT,
    EntryType,
    Section,
    align,
    slot_count,
)
from pypkg_core.image.pieces import FilePart, Pieces

__all__ = ["assemble"]


@dataclass(slots=True)
class _Strings:
    """The string table: each distinct string once, in the order of first use."""

    chunks: list[bytes] = field(default_factory=list)
    offsets: dict[bytes, int] = field(default_factory=dict)
    size: int = 0

    def add(self, text: bytes) -> int:
        """Return the offset of ``text`` in the table."""
        offset = self.offsets.get(text)
        if offset is None:
            offset = self.offsets[text] = self.size
            self.chunks.append(text)
            self.size += len(text)
        return offset


@dataclass(slots=True)
class _Data:
    """The data section: aligned contents; ``dictionaries`` are numbered from 1."""

    base: int
    dictionaries: Mapping[Dictionary, int]
    chunks: list[bytes | FilePart] = field(default_factory=list)
    size: int = 0

    def add(self, stored: bytes | FilePart) -> int:
        """Append stored contents and return their offset in the image."""
        offset = self.base + self.size
        padding = -len(stored) % DATA_ALIGNMENT
        self.chunks += (stored, bytes(padding))
        self.size += len(stored) + padding
        return offset

    def number(self, blob: Blob) -> int:
        """Return the number of a blob's dictionary, 0 without one."""
        return self.dictionaries[blob.dictionary] if blob.dictionary is not None else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Names:
    """Where in the string table the strings of each table are."""

    paths: Sequence[int]
    targets: Sequence[int]
    modules: Sequence[int]
    bundles: Sequence[int]
    entry_points: Sequence[int]
    options: Sequence[int]


def assemble(contents: Contents) -> Pieces:
    """Return the bytes of an image.

    Raises:
        PypkgError: a table exceeds its 32-bit offsets, or there are too many dictionaries.
    """
    strings = _Strings()
    names = _Names(
        paths=[strings.add(path) for path in contents.paths],
        targets=[strings.add(node.target) if node.target else 0 for node in contents.nodes],
        modules=[strings.add(module.name) for module in contents.modules],
        bundles=[strings.add(bundle.name) for bundle in contents.bundles],
        entry_points=[strings.add(point.name) for point in contents.entry_points],
        options=[strings.add(point.options) for point in contents.entry_points],
    )
    children, groups, members = _children(contents)
    if strings.size >> 32 or len(children) >> 32:
        raise PypkgError(f"An image cannot hold {len(contents.paths)} entries: their names exceed 4 GiB")

    dictionaries = contents.dictionaries()
    if len(dictionaries) > MAX_DICTIONARIES:
        raise PypkgError(f"An image cannot hold {len(dictionaries)} dictionaries, only {MAX_DICTIONARIES}")
    rows = {
        Section.ENTRIES: len(contents.nodes),
        Section.PATH_SLOTS: slot_count(len(contents.nodes)),
        Section.CHILDREN: len(children),
        Section.MODULES: len(contents.modules),
        Section.MODULE_SLOTS: slot_count(len(contents.modules)),
        Section.BUNDLES: len(contents.bundles),
        Section.ENTRY_POINTS: len(contents.entry_points),
        Section.DICTIONARIES: len(dictionaries),
        Section.STRINGS: strings.size,
        Section.SEARCH_PATH: len(contents.search_path),
        Section.MANIFEST: len(contents.manifest),
    }
    spans, end = {}, HEADER.size + SECTION.size * len(Section)
    for section, count in rows.items():
        start = align(end, WRITTEN_ALIGNMENT)
        spans[section] = (start, ROW_SIZES[section] * count)
        end = start + ROW_SIZES[section] * count
    data = _Data(
        align(end + CHECKSUM_SIZE, WRITTEN_ALIGNMENT),
        {dictionary: number for number, dictionary in enumerate(dictionaries, 1)},
    )
    hashes = [path_hash(path, contents.flags) for path in contents.paths]
    tables = {
        Section.DICTIONARIES: [
            DICTIONARY.pack(data.add(item.data), len(item.data), item.checksum) for item in dictionaries
        ],
        Section.ENTRIES: _entries(contents, names, hashes, groups, data),
        Section.PATH_SLOTS: [_slots(hashes)],
        Section.CHILDREN: [_numbers(children)],
        Section.MODULES: _modules(contents.modules, names.modules, data),
        Section.MODULE_SLOTS: [_slots([xxh64(module.name) for module in contents.modules])],
        Section.BUNDLES: _bundles(contents, names, members),
        Section.ENTRY_POINTS: _entry_points(contents, names),
        Section.STRINGS: strings.chunks,
        Section.SEARCH_PATH: [contents.search_path],
        Section.MANIFEST: [contents.manifest],
    }
    spans[Section.DATA] = (data.base, data.size)
    chunks = [pack_directory(spans, flags=contents.flags, mtime=contents.mtime)]
    at = len(chunks[0])
    for section in rows:
        start, size = spans[section]
        chunks += (bytes(start - at), *tables[section])
        at = start + size
    chunks.append(bytes(data.base - CHECKSUM_SIZE - at))
    described = b"".join(chunks)
    return Pieces([described, xxh64(described).to_bytes(CHECKSUM_SIZE, "little"), *data.chunks])


def _children(contents: Contents) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Return the children table, each entry's (first, count) in it, and each bundle's first member in it."""
    groups: list[list[int]] = [[] for _ in contents.paths]
    numbers = {path: number for number, path in enumerate(contents.paths)}
    for number, path in enumerate(contents.paths):
        if path:
            # Entries are sorted by path, so each group comes out sorted by name.
            groups[numbers[path.rpartition(b"/")[0]]].append(number)
    children: list[int] = []
    spans = []
    for group in groups:
        spans.append((len(children), len(group)))
        children += group
    members = []
    for bundle in contents.bundles:
        members.append(len(children))
        children += bundle.members
    return children, spans, members


def _entries(
    contents: Contents, names: _Names, hashes: Sequence[int], groups: Sequence[tuple[int, int]], data: _Data
) -> list[bytes]:
    bundle_of = {member: number for number, row in enumerate(contents.bundles, 1) for member in row.members}
    rows = []
    for number, (path, node) in enumerate(zip(contents.paths, contents.nodes, strict=True)):
        codec = dictionary = checksum = 0
        offset = stored = size = 0
        if node.type is EntryType.DIRECTORY:
            offset, size = groups[number]
        elif node.type is EntryType.LINK:
            offset, stored, size = names.targets[number], len(node.target), len(node.target)
        elif node.blob is not None:
            offset, stored, size = data.add(node.blob.stored), len(node.blob.stored), node.blob.size
            codec, dictionary, checksum = node.blob.codec, data.number(node.blob), node.blob.checksum
        rows.append(
            ENTRY.pack(
                hashes[number],
                names.paths[number],
                len(path),
                path.rfind(b"/") + 1,
                node.type,
                codec,
                node.mode,
                node.flags,
                dictionary,
                bundle_of.get(number, 0),
                offset,
                stored,
                size,
                checksum,
            )
        )
    return rows


def _modules(modules: Sequence[ModuleRow], names: Sequence[int], data: _Data) -> list[bytes]:
    rows = []
    for module, name in zip(modules, names, strict=True):
        code = module.code
        stored = (data.add(code.stored), len(code.stored), code.size, code.checksum) if code else (0, 0, 0, 0)
        codec, dictionary = (code.codec, data.number(code)) if code else (0, 0)
        rows.append(
            MODULE.pack(
                xxh64(module.name), name, len(module.name), 0, module.entry, module.kind, codec, dictionary, *stored
            )
        )
    return rows


def _bundles(contents: Contents, names: _Names, members: Sequence[int]) -> list[bytes]:
    return [
        BUNDLE.pack(bundle.digest, first, len(bundle.members), name, len(bundle.name))
        for bundle, first, name in zip(contents.bundles, members, names.bundles, strict=True)
    ]


def _entry_points(contents: Contents, names: _Names) -> list[bytes]:
    return [
        ENTRY_POINT.pack(point.module, 0, name, len(point.name), options, len(point.options))
        for point, name, options in zip(contents.entry_points, names.entry_points, names.options, strict=True)
    ]


def _slots(hashes: Sequence[int]) -> bytes:
    """Return the hash table of items with these hashes, inserted in order."""
    count = slot_count(len(hashes))
    table = [0] * count
    for number, value in enumerate(hashes, 1):
        slot = value & (count - 1)
        while table[slot]:
            slot = (slot + 1) & (count - 1)
        table[slot] = number
    return _numbers(table)


def _numbers(values: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)
