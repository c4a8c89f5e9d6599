"""Decodes the tables of an image; every number is checked before it is used."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from pypkg_core._core import xxh64
from pypkg_core.image.codecs import Dictionary
from pypkg_core.image.contents import path_hash
from pypkg_core.image.directory import damaged, read_directory
from pypkg_core.image.layout import (
    BUNDLE,
    DICTIONARY,
    ENTRY,
    ENTRY_POINT,
    FLAG_WITHHELD,
    MAX_PATH,
    MODULE,
    NUMBER,
    Codec,
    EntryType,
    ModuleKind,
    Section,
)
from pypkg_core.image.records import Bundle, Entry, EntryPoint, Module
from pypkg_core.names import MAIN_MODULE

__all__ = ["Tables"]


class Tables:
    """The tables of an image.

    Raises:
        PypkgError: the header is not that of a complete image.
    """

    def __init__(self, buffer: bytes | bytearray | memoryview) -> None:
        whole = memoryview(buffer).cast("B").toreadonly()
        self.directory = read_directory(whole)
        self.view = whole[: self.directory.image_size]
        self._children = self.numbers(Section.CHILDREN)
        self._strings = bytes(self._bytes(Section.STRINGS))
        self.dictionaries = tuple(self._dictionaries())

    def numbers(self, section: Section) -> memoryview:
        """Return a section of 32-bit numbers."""
        part = bytes(self._bytes(section))
        if memoryview(b"\1\0").cast("H")[0] != 1:  # a big-endian machine
            part = b"".join(part[at : at + NUMBER.size][::-1] for at in range(0, len(part), NUMBER.size))
        return memoryview(part).cast("I")

    def search_path(self) -> tuple[str, ...]:
        """Return the search path."""
        return _items(_decoded(bytes(self._bytes(Section.SEARCH_PATH)), "its search path"))

    def manifest(self) -> dict[str, object]:
        """Return the manifest."""
        try:
            manifest = json.loads(bytes(self._bytes(Section.MANIFEST)))
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
        flags = self.directory.flags
        for number, row in enumerate(self._rows(ENTRY, Section.ENTRIES)):
            entry = self._entry(row)
            path = entry.path.encode()
            if (number == 0) != (path == b"") or (number and path <= previous):
                raise damaged(f"the entry {entry.path!r} is out of order")
            if path_hash(path, flags) != entry.hash or path.rfind(b"/") + 1 != entry.name_offset:
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
        for row in self._rows(MODULE, Section.MODULES):
            value, at, size, _flags, entry, kind, codec, dictionary, offset, stored, decoded, checksum = row
            name = self._text(at, size)
            if entry >= len(entries):
                raise damaged(f"the module {name!r} has no entry")
            encoded = name.encode()
            if encoded <= previous or xxh64(encoded) != value:
                raise damaged(f"the module {name!r} is out of order, or its hash is wrong")
            previous = encoded
            numbers = (dictionary, offset, stored, decoded)
            module = Module(value, name, entries[entry], _kind(kind), _codec(codec), *numbers, checksum)
            if module.kind.has_code:
                self._check_data(f"the code of {name!r}", module.codec, numbers)
            elif (codec, *numbers) != (0, 0, 0, 0, 0):
                raise damaged(f"the module {name!r} has code, which its kind does not allow")
            result.append(module)
        return tuple(result)

    def bundles(self, entries: tuple[Entry, ...]) -> tuple[Bundle, ...]:
        """Return all bundles."""
        result: list[Bundle] = []
        for digest, first, count, at, size in self._rows(BUNDLE, Section.BUNDLES):
            members = self.members(first, count, entries)
            if any(member.bundle != len(result) + 1 or member.withheld for member in members):
                raise damaged("a bundle's member does not belong to it")
            result.append(Bundle(self._text(at, size), digest, members))
        if any(entry.bundle > len(result) for entry in entries):
            raise damaged("an entry's bundle is missing")
        return tuple(result)

    def entry_points(self, modules: tuple[Module, ...]) -> tuple[EntryPoint, ...]:
        """Return all entry points, the default first."""
        result: list[EntryPoint] = []
        for number, _flags, at, size, options_at, options_size in self._rows(ENTRY_POINT, Section.ENTRY_POINTS):
            name = self._text(at, size)
            if number >= len(modules) or not modules[number].kind.has_code:
                raise damaged(f"the entry point {name!r} has no code")
            if not result and modules[number].name != MAIN_MODULE:
                raise damaged(f"its first entry point is {modules[number].name!r}, expected {MAIN_MODULE!r}")
            result.append(EntryPoint(name, modules[number], _items(self._text(options_at, options_size))))
        return tuple(result)

    def _bytes(self, section: Section) -> memoryview:
        offset, size = self.directory.sections[section]
        return self.view[offset : offset + size]

    def _rows(self, row: struct.Struct, section: Section) -> Iterator[tuple[Any, ...]]:
        return row.iter_unpack(self._bytes(section))

    def _text(self, offset: int, size: int) -> str:
        if offset + size > len(self._strings):
            raise damaged(f"a string of {size} bytes at {offset} is outside the string table")
        return _decoded(self._strings[offset : offset + size], f"a string at {offset}")

    def _dictionaries(self) -> Iterator[Dictionary]:
        for number, (offset, size, checksum) in enumerate(self._rows(DICTIONARY, Section.DICTIONARIES), 1):
            self._check_data(f"dictionary {number}", Codec.NONE, (0, offset, size, size))
            dictionary = Dictionary(bytes(self.view[offset : offset + size]))
            if not size or dictionary.checksum != checksum:
                raise damaged(f"dictionary {number} does not match its checksum")
            yield dictionary

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        value, at, length, name, kind, codec, mode, flags, dictionary, bundle, offset, stored, size, checksum = row
        path = self._text(at, length)
        if length > MAX_PATH or "\0" in path:
            raise damaged(f"a path of {length} bytes at {at} is too long or contains a NUL")
        try:
            kind = EntryType(kind)
        except ValueError as error:
            raise damaged(f"{path!r} has the unknown type {kind}") from error
        target = ""
        if kind is EntryType.LINK:
            target = self._text(offset, stored)
        elif kind is EntryType.FILE and flags & FLAG_WITHHELD:
            if (codec, dictionary, offset, stored, size) != (0, 0, 0, 0, 0):
                raise damaged(f"{path!r} is withheld but has contents")
        elif kind is EntryType.FILE:
            self._check_data(repr(path), _codec(codec), (dictionary, offset, stored, size))
        numbers = (mode, flags, dictionary, bundle, offset, stored, size)
        return Entry(value, path, name, kind, _codec(codec), *numbers, self.directory.mtime, checksum, target)

    def _check_data(self, what: str, codec: Codec, numbers: tuple[int, int, int, int]) -> None:
        dictionary, offset, stored, size = numbers
        start, length = self.directory.sections[Section.DATA]
        if offset < start or offset + stored > start + length:
            raise damaged(f"the contents of {what} are outside the image")
        if codec is Codec.NONE and stored != size:
            raise damaged(f"{what}: expected {size} stored bytes, got {stored}")
        if dictionary and (codec is not Codec.ZSTD or dictionary > len(self.dictionaries)):
            raise damaged(f"{what}: the dictionary {dictionary} is missing, or not for its codec")

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


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise damaged(f"{what} is not UTF-8") from error


def _items(text: str) -> tuple[str, ...]:
    """Return the items of a string that are each terminated by a NUL."""
    if text and not text.endswith("\0"):
        raise damaged("a list of strings is not terminated")
    return tuple(text.split("\0")[:-1])


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
