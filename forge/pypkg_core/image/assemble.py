"""Assembles the tables and bytes of an image: see docs/image-format.md."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.blob import Blob
from pypkg_core.image.layout import (
    BUNDLE,
    CHECKSUM_SIZE,
    DATA_ALIGNMENT,
    ENTRY,
    HEADER,
    MODULE,
    SLOT_SIZE,
    TABLE_ALIGNMENT,
    EntryType,
    Header,
    ModuleKind,
    align,
    slot_count,
)
from pypkg_core.image.pieces import FilePart, Pieces
from pypkg_core.image.tree import Node

__all__ = ["Assembly", "BundleRow", "ModuleRow", "assemble"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleRow:
    """A module, with the number of its entry."""

    name: bytes
    kind: ModuleKind
    entry: int
    code: Blob | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleRow:
    """A bundle, with the numbers of its members."""

    name: bytes
    digest: bytes
    members: Sequence[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """The contents of an image, sorted: ``nodes[i]`` is at ``paths[i]``; the root is number 0."""

    mtime: int
    paths: Sequence[bytes]
    nodes: Sequence[Node]
    modules: Sequence[ModuleRow]
    bundles: Sequence[BundleRow]
    search_path: bytes
    options: bytes
    manifest: bytes


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
    """The data part: aligned contents."""

    base: int
    chunks: list[bytes | FilePart] = field(default_factory=list)
    size: int = 0

    def add(self, blob: Blob) -> int:
        """Append stored contents and return their offset in the image."""
        offset = self.base + self.size
        padding = -len(blob.stored) % DATA_ALIGNMENT
        self.chunks += (blob.stored, bytes(padding))
        self.size += len(blob.stored) + padding
        return offset


def assemble(contents: Assembly) -> Pieces:
    """Return the bytes of an image.

    Raises:
        PypkgError: a table exceeds its 32-bit offsets.
    """
    strings = _Strings()
    path_offsets = [strings.add(path) for path in contents.paths]
    target_offsets = [strings.add(node.target) if node.target else 0 for node in contents.nodes]
    name_offsets = [strings.add(module.name) for module in contents.modules]
    bundle_names = [strings.add(bundle.name) for bundle in contents.bundles]
    search_path, options, manifest = map(strings.add, (contents.search_path, contents.options, contents.manifest))
    children, groups, members = _children(contents)
    if strings.size >> 32 or len(children) >> 32:
        raise PypkgError(f"An image cannot hold {len(contents.paths)} entries: their names exceed 4 GiB")

    path_slots = _slots([xxh64(path) for path in contents.paths])
    module_slots = _slots([xxh64(module.name) for module in contents.modules])
    sizes = (
        ENTRY.size * len(contents.nodes),
        len(path_slots),
        SLOT_SIZE * len(children),
        MODULE.size * len(contents.modules),
        len(module_slots),
        BUNDLE.size * len(contents.bundles),
        strings.size,
    )
    offsets, position = [], HEADER.size
    for size in sizes:
        offsets.append(position)
        position = align(position + size, TABLE_ALIGNMENT)
    data = _Data(align(position + CHECKSUM_SIZE, DATA_ALIGNMENT))

    entries = _entries(contents, path_offsets, target_offsets, groups, data)
    modules = _modules(contents.modules, name_offsets, data)
    bundles = [
        BUNDLE.pack(bundle.digest, first, len(bundle.members), name, len(bundle.name))
        for bundle, first, name in zip(contents.bundles, members, bundle_names, strict=True)
    ]
    header = Header(
        image_size=data.base + data.size,
        entries_offset=offsets[0],
        path_slots_offset=offsets[1],
        children_offset=offsets[2],
        modules_offset=offsets[3],
        module_slots_offset=offsets[4],
        bundles_offset=offsets[5],
        strings_offset=offsets[6],
        strings_size=strings.size,
        data_offset=data.base,
        data_size=data.size,
        entry_count=len(contents.nodes),
        path_slot_count=len(path_slots) // SLOT_SIZE,
        child_count=len(children),
        module_count=len(contents.modules),
        module_slot_count=len(module_slots) // SLOT_SIZE,
        bundle_count=len(contents.bundles),
        manifest_offset=manifest,
        manifest_size=len(contents.manifest),
        search_path_size=len(contents.search_path),
        search_path_offset=search_path,
        options_offset=options,
        options_size=len(contents.options),
    )
    tables = (entries, [path_slots], [_numbers(children)], modules, [module_slots], bundles, strings.chunks)
    chunks = [header.pack()]
    ends = [*offsets[1:], data.base - CHECKSUM_SIZE]
    for table, start, size, end in zip(tables, offsets, sizes, ends, strict=True):
        chunks += table
        chunks.append(bytes(end - start - size))
    described = b"".join(chunks)
    return Pieces([described, xxh64(described).to_bytes(CHECKSUM_SIZE, "little"), *data.chunks])


def _children(contents: Assembly) -> tuple[list[int], list[tuple[int, int]], list[int]]:
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
    contents: Assembly, paths: Sequence[int], targets: Sequence[int], groups: Sequence[tuple[int, int]], data: _Data
) -> list[bytes]:
    bundle_of = {member: number for number, row in enumerate(contents.bundles, 1) for member in row.members}
    rows = []
    for number, (path, node) in enumerate(zip(contents.paths, contents.nodes, strict=True)):
        codec = checksum = 0
        offset = stored = size = 0
        if node.type is EntryType.DIRECTORY:
            offset, size = groups[number]
        elif node.type is EntryType.LINK:
            offset, stored, size = targets[number], len(node.target), len(node.target)
        elif node.blob is not None:
            offset, stored, size = data.add(node.blob), len(node.blob.stored), node.blob.size
            codec, checksum = node.blob.codec, node.blob.checksum
        rows.append(
            ENTRY.pack(
                xxh64(path),
                paths[number],
                len(path),
                path.rfind(b"/") + 1,
                node.type,
                codec,
                node.mode,
                node.flags,
                bundle_of.get(number, 0),
                offset,
                stored,
                size,
                contents.mtime,
                checksum,
            )
        )
    return rows


def _modules(modules: Sequence[ModuleRow], names: Sequence[int], data: _Data) -> list[bytes]:
    rows = []
    for module, name in zip(modules, names, strict=True):
        code = module.code
        stored = (data.add(code), len(code.stored), code.size, code.checksum) if code else (0, 0, 0, 0)
        codec = code.codec if code else 0
        rows.append(
            MODULE.pack(xxh64(module.name), name, len(module.name), module.entry, module.kind, codec, 0, *stored, 0)
        )
    return rows


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
