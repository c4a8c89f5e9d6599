"""What an image consists of, sorted and numbered, before it is laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pypkg_core._core import fold, xxh64
from pypkg_core.image.blob import Blob
from pypkg_core.image.codecs import Dictionary
from pypkg_core.image.layout import ImageFlag, ModuleKind
from pypkg_core.image.tree import Node

__all__ = ["BundleRow", "Contents", "EntryPointRow", "ModuleRow", "path_hash"]


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
class EntryPointRow:
    """An entry point, with the number of its module; each of the options is ended by a NUL byte."""

    name: bytes
    module: int
    options: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The contents of an image: ``nodes[i]`` is at ``paths[i]``; the root is number 0."""

    flags: ImageFlag
    mtime: int
    paths: Sequence[bytes]
    nodes: Sequence[Node]
    modules: Sequence[ModuleRow]
    bundles: Sequence[BundleRow]
    entry_points: Sequence[EntryPointRow]
    search_path: bytes
    manifest: bytes

    def dictionaries(self) -> list[Dictionary]:
        """Return the dictionaries that are in use, in the order of their numbers."""
        used = {blob.dictionary for blob in self._blobs() if blob.dictionary is not None}
        return sorted(used, key=lambda dictionary: dictionary.data)

    def _blobs(self) -> Iterator[Blob]:
        yield from (node.blob for node in self.nodes if node.blob is not None)
        yield from (module.code for module in self.modules if module.code is not None)


def path_hash(path: bytes, flags: ImageFlag) -> int:
    """Return the hash by which a path is found in an image with these flags."""
    return xxh64(fold(path) if flags & ImageFlag.FOLDED else path)
