"""The files, directories and links of an image that is being built."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.image.blob import Blob
from pypkg_core.image.layout import (
    FLAG_WITHHELD,
    MAX_PATH,
    MODE_DIRECTORY,
    MODE_EXECUTABLE,
    MODE_FILE,
    MODE_LINK,
    EntryType,
)
from pypkg_core.snapshot import SNAPSHOT_ROOT

__all__ = ["Node", "Tree", "encode_name"]

_ROOT: Final = SNAPSHOT_ROOT.encode()
# The limit of the runtime: more links in one lookup are ELOOP.
_MAX_LINKS: Final = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """An entry: ``blob`` for a readable file, ``target`` for a link."""

    type: EntryType
    mode: int
    flags: int = 0
    blob: Blob | None = None
    target: bytes = b""


_DIRECTORY = Node(type=EntryType.DIRECTORY, mode=MODE_DIRECTORY)
_WITHHELD = Node(type=EntryType.FILE, mode=0, flags=FLAG_WITHHELD)


def encode_name(text: str, what: str) -> bytes:
    """Return ``text`` in UTF-8.

    Raises:
        PypkgError: it contains a NUL or a lone surrogate, as undecodable file names do.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PypkgError(
            f"The {what} {text!r} is not valid UTF-8", hint="Rename it; names in a snapshot are UTF-8"
        ) from error
    if b"\0" in data:
        raise PypkgError(f"The {what} {text!r} contains a NUL byte")
    return data


@dataclass(slots=True)
class Tree:
    """Entries by path (UTF-8, relative to the root). Parent directories are added with their first child."""

    nodes: dict[bytes, Node] = field(default_factory=lambda: {b"": _DIRECTORY})

    def add_file(self, path: str, blob: Blob, *, executable: bool) -> None:
        """Add a readable file."""
        mode = MODE_EXECUTABLE if executable else MODE_FILE
        self._add(path, Node(type=EntryType.FILE, mode=mode, blob=blob))

    def add_withheld(self, path: str) -> None:
        """Add a file that is visible but not readable."""
        self._add(path, _WITHHELD)

    def add_directory(self, path: str) -> None:
        """Add a directory; the root exists already."""
        if path:
            self._add(path, _DIRECTORY)

    def follow(self, path: bytes) -> Node | None:
        """Return the entry at ``path``, following links; ``None`` if there is none, or too many links."""
        node = self.nodes.get(path)
        for _ in range(_MAX_LINKS):
            if node is None or node.type is not EntryType.LINK:
                return node
            below = posixpath.join(_ROOT, posixpath.dirname(path), node.target)
            path = posixpath.relpath(posixpath.normpath(below), _ROOT)
            node = self.nodes.get(path)
        return None

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link; ``target`` is the result of ``readlink``."""
        encoded = encode_name(target, "link target")
        if not 0 < len(encoded) <= MAX_PATH:
            raise PypkgError(f"The target of the link {path!r} has {len(encoded)} bytes, expected 1 to {MAX_PATH}")
        self._add(path, Node(type=EntryType.LINK, mode=MODE_LINK, target=encoded))

    def _add(self, path: str, node: Node) -> None:
        encoded = encode_name(path, "path")
        if len(encoded) > MAX_PATH:
            raise PypkgError(f"The path {path!r} has {len(encoded)} bytes, expected at most {MAX_PATH}")
        present = self.nodes.get(encoded)
        if present is not None:
            if present != node:
                raise PypkgError(f"Two different entries for {path!r} in one image")
            return
        if any(name in (b"", b".", b"..") for name in encoded.split(b"/")):
            raise PypkgError(f"The path {path!r} is not a path below the snapshot's root")
        self._add_parents(encoded)
        self.nodes[encoded] = node

    def _add_parents(self, path: bytes) -> None:
        parent = path.rpartition(b"/")[0]
        missing = []
        while (present := self.nodes.get(parent)) is None:
            missing.append(parent)
            parent = parent.rpartition(b"/")[0]
        if present.type is not EntryType.DIRECTORY:
            raise PypkgError(f"{parent.decode()!r} cannot be both a file and the directory of {path.decode()!r}")
        self.nodes.update(dict.fromkeys(missing, _DIRECTORY))
