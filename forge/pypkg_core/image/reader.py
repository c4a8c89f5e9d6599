"""Reads an image, for the packager, tools and tests: see docs/image-format.md.

The C side checks each number when it uses it; here all are checked at once. The bytes of contents are checked by
`Image.read`, `Image.code` and `Image.verify`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pypkg_core._core import fold, xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.blob import Blob
from pypkg_core.image.contents import path_hash
from pypkg_core.image.directory import Directory, damaged
from pypkg_core.image.layout import MAX_PATH, Codec, EntryType, ImageFlag, Section
from pypkg_core.image.records import Bundle, Entry, EntryPoint, Module
from pypkg_core.image.tables import Tables

__all__ = ["Bundle", "Entry", "EntryPoint", "Image", "Module"]


class Image:
    """An image in memory.

    Args:
        buffer: begins with the image; bytes after it are ignored.

    Attributes:
        entries: files, directories and links, sorted by path; the root is the first.
        modules: sorted by name.
        bundles: sorted by name.
        entry_points: the default first; none in a base.
        search_path: ``sys.path``, first to last.
        manifest: the manifest's keys.

    Raises:
        PypkgError: it is not an image, has another format (`OtherFormatError`), or is truncated or damaged.
    """

    def __init__(self, buffer: bytes | bytearray | memoryview) -> None:
        self._tables = Tables(buffer)
        self.directory: Directory = self._tables.directory
        self.entries: tuple[Entry, ...] = self._tables.entries()
        self.modules: tuple[Module, ...] = self._tables.modules(self.entries)
        self.bundles: tuple[Bundle, ...] = self._tables.bundles(self.entries)
        self.entry_points: tuple[EntryPoint, ...] = self._tables.entry_points(self.modules)
        self.search_path: tuple[str, ...] = self._tables.search_path()
        self.manifest: Mapping[str, object] = self._tables.manifest()
        self._path_slots = self._tables.numbers(Section.PATH_SLOTS)
        self._module_slots = self._tables.numbers(Section.MODULE_SLOTS)
        for entry in self.entries:
            if self.lookup(entry.path) is not entry:
                raise damaged(f"{entry.path!r} is not in its hash table")
        for module in self.modules:
            if self.find_module(module.name) is not module:
                raise damaged(f"the module {module.name!r} is not in its hash table")

    def __len__(self) -> int:
        return self.directory.image_size

    @property
    def flags(self) -> ImageFlag:
        """The flags of the image that this version knows."""
        return self.directory.flags

    @property
    def data(self) -> memoryview:
        """The bytes of the image."""
        return self._tables.view

    @property
    def is_application(self) -> bool:
        """Whether the image has an entry point; a base has none."""
        return bool(self.entry_points)

    def lookup(self, path: str) -> Entry | None:
        """Return the entry at ``path`` (relative to the root, no slash at either end) or ``None``; follows no links.

        In an image whose paths are folded, it is found without regard to case.
        """
        encoded = path.encode("utf-8", "surrogatepass")
        if len(encoded) > MAX_PATH:
            return None
        folded = bool(self.flags & ImageFlag.FOLDED)
        value, mask = path_hash(encoded, self.flags), len(self._path_slots) - 1
        for probe in range(mask + 1):
            number = self._path_slots[(value + probe) & mask]
            if not 0 < number <= len(self.entries):
                return None
            entry = self.entries[number - 1]
            if entry.hash == value and (entry.path == path or (folded and fold(entry.path.encode()) == fold(encoded))):
                return entry
        return None

    def find_module(self, name: str) -> Module | None:
        """Return the module with this dotted name, or ``None``."""
        encoded = name.encode("utf-8", "surrogatepass")
        value, mask = xxh64(encoded), len(self._module_slots) - 1
        for probe in range(mask + 1):
            number = self._module_slots[(value + probe) & mask]
            if not 0 < number <= len(self.modules):
                return None
            module = self.modules[number - 1]
            if module.hash == value and module.name == name:
                return module
        return None

    def children(self, directory: Entry) -> tuple[Entry, ...]:
        """Return the entries of a directory, sorted by name; none for a file or link."""
        if directory.type is not EntryType.DIRECTORY:
            return ()
        return self._tables.members(directory.offset, directory.size, self.entries)

    def blob(self, item: Entry | Module) -> Blob:
        """Return contents as they are stored, for copying into another image."""
        stored = bytes(self._tables.view[item.offset : item.offset + item.stored_size])
        dictionary = self._tables.dictionaries[item.dictionary - 1] if item.dictionary else None
        return Blob(stored=stored, codec=item.codec, size=item.size, checksum=item.checksum, dictionary=dictionary)

    def read(self, entry: Entry) -> bytes:
        """Return a file's contents.

        Raises:
            PypkgError: it is not a file, or its contents are withheld or damaged.
        """
        if entry.type is not EntryType.FILE:
            raise PypkgError(f"Cannot read {entry.path!r} in an image: it is a {entry.type.name.lower()}")
        if entry.withheld:
            raise PypkgError(f"Cannot read {entry.path!r} in an image: its contents are withheld")
        return self._checked(entry, repr(entry.path))

    def code(self, module: Module) -> bytes | None:
        """Return a module's marshalled code, ``None`` for a kind without code.

        Raises:
            PypkgError: the code is damaged.
        """
        return self._checked(module, f"the code of {module.name!r}") if module.kind.has_code else None

    def verify(self) -> None:
        """Decode all contents and compare their checksums.

        Raises:
            PypkgError: contents are damaged; their path or module is named.
        """
        for entry in self.entries:
            if entry.type is EntryType.FILE and not entry.withheld:
                self._check(entry, repr(entry.path))
        for module in self.modules:
            if module.kind.has_code:
                self._check(module, f"the code of {module.name!r}")

    def _check(self, item: Entry | Module, what: str) -> bytes | memoryview:
        data = self._decoded(item)
        if xxh64(data) != item.checksum:
            raise damaged(f"the checksum of {what} does not match")
        return data

    def _checked(self, item: Entry | Module, what: str) -> bytes:
        return bytes(self._check(item, what))

    def _decoded(self, item: Entry | Module) -> bytes | memoryview:
        if item.codec is Codec.NONE:
            return self._tables.view[item.offset : item.offset + item.stored_size]
        return self.blob(item).decoded()
