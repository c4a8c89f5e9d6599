"""Decodes the tables of an image; every number is checked before it is used."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import (
    BUNDLE,
    CHECKSUM_SIZE,
    ENTRY,
    FLAG_WITHHELD,
    HEADER,
    MAGIC,
    MAX_PATH,
    MODULE,
    SLOT_SIZE,
    TABLE_ALIGNMENT,
    VERSION,
    Codec,
    EntryType,
    Header,
    ModuleKind,
)
from pypkg_core.image.records import Bundle, Entry, Module

__all__ = ["Tables", "damaged"]


def damaged(what: str) -> PypkgError:
    """Return the error for a damaged image."""
    return PypkgError(f"The image is damaged: {what}", hint="Get the file again, or package again")


class Tables:
    """The tables of an image.

    Raises:
        PypkgError: the header is not that of a complete image.
    """

    def __init__(self, buffer: bytes | bytearray | memoryview) -> None:
        whole = memoryview(buffer).cast("B").toreadonly()
        self.header = _header(whole)
        self.view = whole[: self.header.image_size]
        head = self.header
        self._children = self.slots(head.children_offset, head.child_count)
        self._strings = bytes(self.view[head.strings_offset : head.strings_offset + head.strings_size])

    def slots(self, offset: int, count: int) -> memoryview:
        """Return ``count`` 32-bit numbers; `_header` has checked the bounds."""
        part = bytes(self.view[offset : offset + SLOT_SIZE * count])
        if memoryview(b"\1\0").cast("H")[0] != 1:  # a big-endian machine
            part = b"".join(part[at : at + SLOT_SIZE][::-1] for at in range(0, len(part), SLOT_SIZE))
        return memoryview(part).cast("I")

    def text(self, offset: int, size: int) -> str:
        """Return a string of the string table."""
        if offset + size > len(self._strings):
            raise damaged(f"a string of {size} bytes at {offset} is outside the string table")
        try:
            return self._strings[offset : offset + size].decode()
        except UnicodeDecodeError as error:
            raise damaged(f"a string at {offset} is not UTF-8") from error

    def items(self, offset: int, size: int) -> tuple[str, ...]:
        """Return the items of a string that are each terminated by a NUL."""
        text = self.text(offset, size)
        if text and not text.endswith("\0"):
            raise damaged("a list of strings is not terminated")
        return tuple(text.split("\0")[:-1])

    def manifest(self) -> dict[str, object]:
        """Return the manifest."""
        text = self.text(self.header.manifest_offset, self.header.manifest_size)
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise damaged(f"its manifest is not JSON: {error}") from error
        if not isinstance(manifest, dict):
            raise damaged("its manifest is not a JSON object")
        return manifest

    def members(self, first: int, count: int, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Return ``count`` entries of the children table, from number ``first``."""
        if first + count > len(self._children):
            raise damaged(f"{count} children from {first} are outside the children table")
        numbers = self._children[first : first + count]
        if count and max(numbers) >= len(entries):
            raise damaged("a child is not an entry")
        return tuple(entries[number] for number in numbers)

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries; each is checked, with the order and the parent directories."""
        result: list[Entry] = []
        previous = b""
        directories = {b""}
        for number, row in enumerate(self._rows(ENTRY, self.header.entries_offset, self.header.entry_count)):
            entry = self._entry(row)
            path = entry.path.encode()
            if (number == 0) != (path == b"") or (number and path <= previous):
                raise damaged(f"the entry {entry.path!r} is out of order")
            if xxh64(path) != entry.hash or path.rfind(b"/") + 1 != entry.name_offset:
                raise damaged(f"the hash or name of {entry.path!r} is wrong")
            if path.rpartition(b"/")[0] not in directories:
                raise damaged(f"{entry.path!r} is in no directory")
            if entry.type is EntryType.DIRECTORY:
                directories.add(path)
            result.append(entry)
            previous = path
        if result[0].type is not EntryType.DIRECTORY:
            raise damaged("its root is not a directory")
        entries = tuple(result)
        self._check_directories(entries)
        return entries

    def modules(self, entries: tuple[Entry, ...]) -> tuple[Module, ...]:
        """Return all modules; each is checked, with the order."""
        result, previous = [], b""
        for row in self._rows(MODULE, self.header.modules_offset, self.header.module_count):
            value, at, size, entry, kind, codec, _flags, offset, stored, decoded, checksum, _reserved = row
            name = self.text(at, size)
            if entry >= len(entries):
                raise damaged(f"the module {name!r} has no entry")
            encoded = name.encode()
            if encoded <= previous or xxh64(encoded) != value:
                raise damaged(f"the module {name!r} is out of order, or its hash is wrong")
            previous = encoded
            module = Module(value, name, entries[entry], _kind(kind), _codec(codec), offset, stored, decoded, checksum)
            if module.kind.has_code:
                self._check_data(f"the code of {name!r}", module.codec, offset, stored, decoded)
            elif (codec, offset, stored, decoded) != (0, 0, 0, 0):
                raise damaged(f"the module {name!r} has code, which its kind does not allow")
            result.append(module)
        return tuple(result)

    def bundles(self, entries: tuple[Entry, ...]) -> tuple[Bundle, ...]:
        """Return all bundles."""
        result: list[Bundle] = []
        for row in self._rows(BUNDLE, self.header.bundles_offset, self.header.bundle_count):
            digest, first, count, at, size = row
            members = self.members(first, count, entries)
            if any(member.bundle != len(result) + 1 or member.withheld for member in members):
                raise damaged("a bundle's member does not belong to it")
            result.append(Bundle(self.text(at, size), digest, members))
        if any(entry.bundle > len(result) for entry in entries):
            raise damaged("an entry's bundle is missing")
        return tuple(result)

    def _rows(self, row: struct.Struct, offset: int, count: int) -> Iterator[tuple[Any, ...]]:
        return row.iter_unpack(self.view[offset : offset + row.size * count])

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        value, at, length, name, kind, codec, mode, flags, bundle, offset, stored, size, mtime, checksum = row
        path = self.text(at, length)
        if length > MAX_PATH or "\0" in path:
            raise damaged(f"a path of {length} bytes at {at} is too long or contains a NUL")
        try:
            kind = EntryType(kind)
        except ValueError as error:
            raise damaged(f"{path!r} has the unknown type {kind}") from error
        target = ""
        if kind is EntryType.LINK:
            target = self.text(offset, stored)
        elif kind is EntryType.FILE and flags & FLAG_WITHHELD:
            if (codec, offset, stored, size) != (0, 0, 0, 0):
                raise damaged(f"{path!r} is withheld but has contents")
        elif kind is EntryType.FILE:
            self._check_data(repr(path), _codec(codec), offset, stored, size)
        return Entry(
            value, path, name, kind, _codec(codec), mode, flags, bundle, offset, stored, size, mtime, checksum, target
        )

    def _check_data(self, what: str, codec: Codec, offset: int, stored: int, size: int) -> None:
        head = self.header
        if offset < head.data_offset or offset + stored > head.data_offset + head.data_size:
            raise damaged(f"the contents of {what} are outside the image")
        if codec is Codec.NONE and stored != size:
            raise damaged(f"{what}: expected {size} stored bytes, got {stored}")

    def _check_directories(self, entries: tuple[Entry, ...]) -> None:
        """Check that every entry but the root is a child of its directory, once and in order."""
        seen = 1
        for entry in entries:
            if entry.type is not EntryType.DIRECTORY:
                continue
            children = self.members(entry.offset, entry.size, entries)
            prefix = entry.path + "/" if entry.path else ""
            names = [child.path for child in children]
            if any(path.rpartition("/")[0] != entry.path or not path.startswith(prefix) for path in names):
                raise damaged(f"a child of {entry.path!r} is not in it")
            if len(set(names)) != len(names) or sorted(names, key=str.encode) != names:
                raise damaged(f"the children of {entry.path!r} are out of order")
            seen += len(children)
        if seen != len(entries):
            raise damaged(f"{len(entries) - seen} entries are not in the list of any directory")


def _header(view: memoryview) -> Header:
    if len(view) < HEADER.size:
        raise damaged(f"expected at least {HEADER.size} bytes, got {len(view)}")
    magic, version, header_size, *numbers = HEADER.unpack_from(view)
    if magic != MAGIC:
        raise damaged("it does not begin with the magic")
    if version != VERSION:
        raise PypkgError(
            f"The image has format version {version}, expected {VERSION}", hint="Update pypkg, or package again"
        )
    head = Header(**dict(zip(Header.__slots__, numbers, strict=True)))
    if head.image_size > len(view):
        raise damaged(f"it is truncated: expected {head.image_size} bytes, got {len(view)}")
    if head.image_size < HEADER.size or header_size != HEADER.size or not head.entry_count:
        raise damaged("the sizes in its header are wrong")
    for what, count, used in (
        ("path", head.path_slot_count, head.entry_count),
        ("module", head.module_slot_count, head.module_count),
    ):
        if count & (count - 1) or count <= used:
            raise damaged(f"its {what} table has {count} slots for {used} rows")
    _check_tables(head)
    end = head.data_offset - CHECKSUM_SIZE
    if xxh64(bytes(view[:end])) != int.from_bytes(view[end : end + CHECKSUM_SIZE], "little"):
        raise damaged("its tables do not match their checksum")
    return head


def _check_tables(head: Header) -> None:
    end = HEADER.size
    for what, offset, size in (
        ("entries", head.entries_offset, ENTRY.size * head.entry_count),
        ("path slots", head.path_slots_offset, SLOT_SIZE * head.path_slot_count),
        ("children", head.children_offset, SLOT_SIZE * head.child_count),
        ("modules", head.modules_offset, MODULE.size * head.module_count),
        ("module slots", head.module_slots_offset, SLOT_SIZE * head.module_slot_count),
        ("bundles", head.bundles_offset, BUNDLE.size * head.bundle_count),
        ("strings", head.strings_offset, head.strings_size + CHECKSUM_SIZE),
        ("data", head.data_offset, head.data_size),
    ):
        if offset < end or offset % TABLE_ALIGNMENT or offset + size > head.image_size:
            raise damaged(f"its {what} table is outside the image")
        end = offset + size


def _codec(number: int) -> Codec:
    try:
        return Codec(number)
    except ValueError as error:
        raise damaged(f"the codec {number} is unknown") from error


def _kind(number: int) -> ModuleKind:
    try:
        return ModuleKind(number)
    except ValueError as error:
        raise damaged(f"the module kind {number} is unknown") from error
