"""Builds an image: see docs/image-format.md. The bytes depend on what is added, not on the order or the process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pypkg_core._core import fold
from pypkg_core.errors import PypkgError
from pypkg_core.image.assemble import assemble
from pypkg_core.image.blob import Blob
from pypkg_core.image.codecs import BEST, Dictionary
from pypkg_core.image.contents import BundleRow, Contents, EntryPointRow, ModuleRow
from pypkg_core.image.layout import MAX_NAME, Codec, EntryType, ImageFlag, ModuleKind
from pypkg_core.image.pieces import Pieces
from pypkg_core.image.tree import Tree, encode_name
from pypkg_core.names import MAIN_MODULE

__all__ = ["ImageBuilder"]

# Files of at least this size in bytes are not held in memory.
_LARGE: Final = 1 << 20
_NO_FLAGS: Final = ImageFlag(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Module:
    kind: ModuleKind
    path: bytes
    code: Blob | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _EntryPoint:
    name: bytes
    module: bytes
    options: bytes


@dataclass
class ImageBuilder:
    """Collects the contents of an image and returns its bytes.

    Paths are relative to ``/snapshot``, without a leading slash (``lib/python3.13/os.py``); parent directories are
    added automatically. Adding the same entry twice is allowed; two different entries at one path are an error.

    Args:
        mtime: of every entry, in seconds since 1970.
        flags: of the image. With ``FOLDED``, paths are found without regard to case, as on Windows, and two that differ
            in case only are an error.
    """

    mtime: int
    flags: ImageFlag = _NO_FLAGS
    _tree: Tree = field(default_factory=Tree, init=False)
    _modules: dict[bytes, _Module] = field(default_factory=dict, init=False)
    _bundles: dict[bytes, list[bytes]] = field(default_factory=dict, init=False)
    _search_path: list[bytes] = field(default_factory=list, init=False)
    _entry_points: list[_EntryPoint] = field(default_factory=list, init=False)
    _manifest: dict[str, object] = field(default_factory=dict, init=False)

    def add_file(
        self,
        path: str,
        data: bytes | Path | Blob,
        *,
        executable: bool = False,
        codec: Codec = Codec.NONE,
        dictionary: Dictionary | None = None,
        level: int = BEST,
    ) -> None:
        """Add a file with its contents, or with those of a local file.

        Args:
            level: for the codec zstd; a lower one is faster.
            codec: the encoding to try; contents that do not get smaller are stored as they are. A `Blob` keeps its own.
            dictionary: for the codec zstd; it becomes a part of the image if any contents were encoded with it.

        Raises:
            PypkgError: the path is not valid or is in use, the file cannot be read, or the dictionary is not for the
                codec.
        """
        if isinstance(data, Path):
            try:
                size = data.stat().st_size
                large = codec is Codec.NONE and size >= _LARGE
                data = Blob.of_file(data, size) if large else data.read_bytes()
            except OSError as error:
                raise PypkgError(f"Cannot read {error.filename}: {error.strerror}") from error
        blob = data if isinstance(data, Blob) else Blob.of(data, codec, dictionary, level)
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
        self,
        name: str,
        kind: ModuleKind,
        path: str,
        code: bytes | Blob | None,
        *,
        codec: Codec = Codec.NONE,
        dictionary: Dictionary | None = None,
    ) -> None:
        """Add a module to the index.

        Args:
            name: dotted.
            path: its ``__file__``, for a namespace package its first directory; it must be added as an entry.
            code: marshalled code object for modules and packages, otherwise ``None``.
            codec: as for `add_file`, with ``dictionary``.

        Raises:
            PypkgError: the module was added with other contents, or its kind and ``code`` do not agree.
        """
        if (code is not None) != kind.has_code:
            verb = "needs" if kind.has_code else "cannot have"
            raise PypkgError(f"The module {name!r} is a {kind.name.lower()} and {verb} code")
        blob = Blob.of(code, codec, dictionary) if isinstance(code, bytes) else code
        module = _Module(kind=kind, path=encode_name(path, "path"), code=blob)
        encoded = encode_name(name, "module name")
        if not 0 < len(encoded) <= MAX_NAME:
            shown = f"A module made from {path!r} has a name of {len(encoded)} bytes"
            raise PypkgError(f"{shown}, expected 1 to {MAX_NAME}")
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

    def add_entry_point(self, name: str, module: str = MAIN_MODULE, options: Sequence[str] = ()) -> None:
        """Add a way to start the program. An image with one is an application; the first is what runs.

        Args:
            name: tells entry points apart.
            module: whose code runs as ``__main__``; that of the first is called so.
            options: the interpreter's, as on its command line.

        Raises:
            PypkgError: there is an entry point of this name.
        """
        encoded = encode_name(name, "entry point name")
        if any(point.name == encoded for point in self._entry_points):
            raise PypkgError(f"Two entry points are called {name!r}")
        listed = b"".join(encode_name(option, "option") + b"\0" for option in options)
        point = _EntryPoint(name=encoded, module=encode_name(module, "module name"), options=listed)
        self._entry_points.append(point)

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
            PypkgError: a module or bundle refers to a path that was not added, an entry point to a module, two paths
                are the same one on Windows, or a table exceeds its 32-bit offsets.
        """
        paths = sorted(self._tree.nodes)
        if self.flags & ImageFlag.FOLDED:
            _check_folded(paths)
        numbers = {path: number for number, path in enumerate(paths)}
        manifest = json.dumps(self._manifest, sort_keys=True, separators=(",", ":")).encode()
        modules = self._module_rows(numbers)
        return assemble(
            Contents(
                flags=self.flags,
                mtime=self.mtime,
                paths=paths,
                nodes=[self._tree.nodes[path] for path in paths],
                modules=modules,
                bundles=self._bundle_rows(numbers),
                entry_points=self._entry_point_rows(modules),
                search_path=b"".join(item + b"\0" for item in self._search_path),
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

    def _entry_point_rows(self, modules: Sequence[ModuleRow]) -> list[EntryPointRow]:
        numbers = {module.name: number for number, module in enumerate(modules) if module.code is not None}
        main = MAIN_MODULE.encode()
        if (main in numbers) != bool(self._entry_points) or (
            self._entry_points and self._entry_points[0].module != main
        ):
            raise PypkgError(f"An image with the module {MAIN_MODULE!r} needs an entry point, whose module it is")
        rows = []
        for point in self._entry_points:
            if point.module not in numbers:
                shown = f"{point.module.decode()!r}, which is not a module with code"
                raise PypkgError(f"The entry point {point.name.decode()!r} refers to {shown}")
            rows.append(EntryPointRow(name=point.name, module=numbers[point.module], options=point.options))
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


def _check_folded(paths: Sequence[bytes]) -> None:
    seen: dict[bytes, bytes] = {}
    for path in paths:
        if (other := seen.setdefault(fold(path), path)) != path:
            raise PypkgError(
                f"{other.decode()!r} and {path.decode()!r} are the same path where case does not count",
                hint="Rename one of them, or leave it out",
            )
