"""The rows of an image's tables, decoded."""

from __future__ import annotations

from dataclasses import dataclass

from pypkg_core.image.layout import FLAG_WITHHELD, Codec, EntryType, ModuleKind

__all__ = ["Bundle", "Entry", "Module"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, directory or link. Sizes in bytes; ``offset`` as docs/image-format.md has it for the type."""

    hash: int
    path: str
    name_offset: int
    type: EntryType
    codec: Codec
    mode: int
    flags: int
    bundle: int
    offset: int
    stored_size: int
    size: int
    mtime: int
    checksum: int
    target: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def withheld(self) -> bool:
        """Whether the file can be seen but not read."""
        return bool(self.flags & FLAG_WITHHELD)

    @property
    def executable(self) -> bool:
        """Whether the file's mode allows running it."""
        return self.type is EntryType.FILE and bool(self.mode & 0o111)


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the index."""

    hash: int
    name: str
    entry: Entry
    kind: ModuleKind
    codec: Codec
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
