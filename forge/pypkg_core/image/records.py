"""The decoded rows of an image's tables."""

from __future__ import annotations

from dataclasses import dataclass

from pypkg_core.image.layout import FLAG_WITHHELD, Codec, EntryType, ModuleKind

__all__ = ["Bundle", "Entry", "EntryPoint", "Module"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, directory or link. Sizes in bytes; docs/image-format.md says what ``offset`` is for each type."""

    hash: int
    path: str
    name_offset: int
    type: EntryType
    codec: Codec
    mode: int
    flags: int
    dictionary: int
    bundle: int
    offset: int
    stored_size: int
    size: int
    mtime: int
    checksum: int
    target: str

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]

    @property
    def withheld(self) -> bool:
        """Whether the file is visible but not readable."""
        return bool(self.flags & FLAG_WITHHELD)

    @property
    def executable(self) -> bool:
        """Whether the file has execute permission."""
        return self.type is EntryType.FILE and bool(self.mode & 0o111)


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the index."""

    hash: int
    name: str
    entry: Entry
    kind: ModuleKind
    codec: Codec
    dictionary: int
    offset: int
    stored_size: int
    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """The shared libraries of one distribution."""

    name: str
    digest: bytes
    members: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A way to start the program: a module that runs as ``__main__``, and the interpreter's options for it."""

    name: str
    module: Module
    options: tuple[str, ...]
