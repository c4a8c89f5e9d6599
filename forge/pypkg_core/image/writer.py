"""Builds an image: see docs/image-format.md. The bytes depend on what is added, not on the order or the process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.image.assemble import Assembly, BundleRow, ModuleRow, assemble
from pypkg_core.image.blob import Blob
from pypkg_core.image.layout import Codec, EntryType, ModuleKind
from pypkg_core.image.pieces import Pieces
from pypkg_core.image.tree import Tree, encode_name

__all__ = ["ImageBuilder"]

# Files of at least this size in bytes are not held in memory.
_LARGE: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Module:
    kind: ModuleKind
    path: bytes
    code: Blob | None


@dataclass
class ImageBuilder:
    """Collects the contents of an image and returns its bytes.

    Paths are relative to ``/snapshot``, without a leading slash (``lib/python3.13/os.py``); parent directories are
    added automatically. Adding the same entry twice is allowed; two different entries at one path are an error.

    Args:
        mtime: of every entry, in seconds since 1970.
    """

    mtime: int
    _tree: Tree = field(default_factory=Tree, init=False)
    _modules: dict[bytes, _Module] = field(default_factory=dict, init=False)
    _bundles: dict[bytes, list[bytes]] = field(default_factory=dict, init=False)
    _search_path: list[bytes] = field(default_factory=list, init=False)
    _options: list[bytes] = field(default_factory=list, init=False)
    _manifest: dict[str, object] = field(default_factory=dict, init=False)

    def add_file(
        self, path: str, data: bytes | Path | Blob, *, executable: bool = False, codec: Codec = Codec.NONE
    ) -> None:
        """Add a file with its contents, or with those of a local file.

        Args:
            codec: the encoding to try; contents that do not get smaller are stored as they are. A `Blob` keeps its own.

        Raises:
            PypkgError: the path is not valid or is in use, or the file cannot be read.
        """
        if isinstance(data, Path):
            try:
                size = data.stat().st_size
                large = codec is Codec.NONE and size >= _LARGE
                data = Blob.of_file(data, size) if large else data.read_bytes()
            except OSError as error:
                raise PypkgError(f"Cannot read {error.filename}: {error.strerror}") from error
        blob = data if isinstance(data, Blob) else Blob.of(data, codec)
        self._tree.add_file(path, blob, executable=executable)

    def add_withheld(self, path: str) -> None:
        """Add a file without its contents: ``stat`` works, ``open`` fails with EACCES."""
        self._tree.add_withheld(path)

    def add_directory(self, path: str) -> None:
        """Add a directory; needed only for empty ones."""
        self._tree.add_directory(path)

    def add_symlink(self, path: str, target: str) -> None:
        """Add a symbolic link; ``target`` is absolute (``/snapshot/...``) or relative to the link's directory."""
        self._tree.add_link(path, target)

    def add_module(
        self, name: str, kind: ModuleKind, path: str, code: bytes | Blob | None, *, codec: Codec = Codec.NONE
    ) -> None:
        """Add a module to the index.

        Args:
            name: dotted.
            path: its ``__file__``, for a namespace package its first directory; it must be added as an entry.
            code: marshalled code object for modules and packages, otherwise ``None``.

        Raises:
            PypkgError: the module was added with other contents, or its kind and ``code`` do not agree.
        """
        if (code is not None) != kind.has_code:
            verb = "needs" if kind.has_code else "cannot have"
            raise PypkgError(f"The module {name!r} is a {kind.name.lower()} and {verb} code")
        blob = Blob.of(code, codec) if isinstance(code, bytes) else code
        module = _Module(kind=kind, path=encode_name(path, "path"), code=blob)
        encoded = encode_name(name, "module name")
        if not encoded:
            raise PypkgError(f"A module made from {path!r} has no name")
        if self._modules.setdefault(encoded, module) != module:
            raise PypkgError(
                f"Two different modules are called {name!r}",
                context={"first": self._modules[encoded].path.decode(), "second": path},
            )

    def add_bundle(self, name: str, paths: Iterable[str]) -> None:
        """Declare files that are extracted together: the shared libraries of a distribution.

        A file belongs to at most one bundle. A link to a file is extracted as a separate file.
        """
        members = sorted({encode_name(path, "path") for path in paths})
        encoded = encode_name(name, "bundle name")
        if self._bundles.setdefault(encoded, members) != members:
            raise PypkgError(f"Two different bundles are called {name!r}")

    def set_search_path(self, items: Sequence[str]) -> None:
        """Set ``sys.path``: absolute paths in order."""
        self._search_path = [encode_name(item, "search path item") for item in items]

    def set_options(self, options: Sequence[str]) -> None:
        """Set the interpreter's options, as on its command line."""
        self._options = [encode_name(option, "option") for option in options]

    def set_manifest(self, manifest: Mapping[str, object]) -> None:
        """Set the manifest, a JSON object for people and tools."""
        self._manifest = dict(manifest)

    def has_path(self, path: str) -> bool:
        """Return whether there is an entry at ``path``."""
        return path.encode("utf-8", "surrogatepass") in self._tree.nodes

    def has_module(self, name: str) -> bool:
        """Return whether there is a module of this name."""
        return name.encode("utf-8", "surrogatepass") in self._modules

    def build(self) -> bytes:
        """Return the image in memory; see `pieces`, which does not hold large files."""
        return b"".join(self.pieces().chunks())

    def pieces(self) -> Pieces:
        """Return the image.

        Raises:
            PypkgError: a module or bundle refers to a path that was not added, or a table exceeds its 32-bit offsets.
        """
        paths = sorted(self._tree.nodes)
        numbers = {path: number for number, path in enumerate(paths)}
        manifest = json.dumps(self._manifest, sort_keys=True, separators=(",", ":")).encode()
        return assemble(
            Assembly(
                mtime=self.mtime,
                paths=paths,
                nodes=[self._tree.nodes[path] for path in paths],
                modules=self._module_rows(numbers),
                bundles=self._bundle_rows(numbers),
                search_path=b"".join(item + b"\0" for item in self._search_path),
                options=b"".join(option + b"\0" for option in self._options),
                manifest=manifest,
            )
        )

    def _module_rows(self, numbers: Mapping[bytes, int]) -> list[ModuleRow]:
        rows = []
        for name, module in sorted(self._modules.items()):
            if (entry := numbers.get(module.path)) is None:
                raise PypkgError(f"The module {name.decode()!r} is from {module.path.decode()!r}, which was not added")
            rows.append(ModuleRow(name=name, kind=module.kind, entry=entry, code=module.code))
        return rows

    def _bundle_rows(self, numbers: Mapping[bytes, int]) -> list[BundleRow]:
        rows, owners = [], dict[bytes, bytes]()
        for name, members in sorted(self._bundles.items()):
            digest = hashlib.sha256()
            for path in members:
                node = self._tree.follow(path)
                if node is None or node.type is not EntryType.FILE or node.blob is None:
                    shown = f"{path.decode()!r}, which is not a readable file"
                    raise PypkgError(f"The bundle {name.decode()!r} refers to {shown}")
                if owners.setdefault(path, name) != name:
                    raise PypkgError(
                        f"{path.decode()!r} is in two bundles, {owners[path].decode()!r} and {name.decode()!r}"
                    )
                digest.update(path + b"\0" + node.blob.size.to_bytes(8, "little"))
                for chunk in node.blob.chunks():
                    digest.update(chunk)
            rows.append(BundleRow(name=name, digest=digest.digest(), members=[numbers[path] for path in members]))
        return rows
