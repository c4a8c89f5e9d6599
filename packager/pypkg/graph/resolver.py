"""Find modules by name as CPython's path finder does, without importing anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from pypkg_core.image.layout import ModuleKind
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.targets.catalogue import catalogue

__all__ = ["STDLIB", "Node", "Resolver", "Root", "addon_stem"]

STDLIB: Final = "stdlib"

# Submodules without a file: their parents put them into sys.modules (up to 3.12, collections.abc has a file).
_MADE_AT_RUN_TIME: Final = frozenset({"collections.abc", "os.path"})


@dataclass(frozen=True, slots=True)
class Root:
    """A directory that is searched for modules.

    Attributes:
        directory: on this machine.
        prefix: its path below ``/snapshot``.
        project: whether it belongs to the project itself.
    """

    directory: Path
    prefix: str
    project: bool = False


@dataclass(slots=True, kw_only=True)
class Node:
    """A module that was found.

    Attributes:
        name: dotted name.
        kind: what it is when its source is used (an addon may be used instead).
        root: the root it was found in first.
        relative: its file, or for a namespace package its directory, below ``root``, with ``/``.
        addons: extension modules of the same name, below ``root``; several when they are for different versions.
        portions: for packages, the directories (root, path below it) in which submodules are searched.
        source: whether there is a ``.py`` file at ``relative``.
        bytecode: whether there is a ``.pyc`` file at ``relative``, and nothing else.
    """

    name: str
    kind: ModuleKind
    root: Root
    relative: str
    source: bool
    addons: list[str] = field(default_factory=list)
    portions: list[tuple[Root, str]] = field(default_factory=list)
    bytecode: bool = False

    @property
    def has_code(self) -> bool:
        """Whether its code comes from a file that a worker reads."""
        return self.source or self.bytecode

    @property
    def path(self) -> str:
        """Its path below ``/snapshot``."""
        return f"{self.root.prefix}/{self.relative}"

    @property
    def file(self) -> Path:
        """Its path on this machine."""
        return self.root.directory / self.relative

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        if self.kind in (ModuleKind.PACKAGE, ModuleKind.NAMESPACE, ModuleKind.EXTENSION_PACKAGE):
            return self.name
        return self.name.rpartition(".")[0]


@dataclass(slots=True)
class _Listing:
    files: frozenset[str]
    folders: frozenset[str]
    addons: Mapping[str, list[str]]


class Resolver:
    """Module names to files, over the project, the standard library and the environment.

    Args:
        project: roots searched before the standard library.
        installed: roots searched after it.
        stdlib: full names of all modules of the standard library.
        editable: top-level names that editable installs map to a file or directory.
    """

    def __init__(
        self,
        *,
        project: Iterable[Root],
        installed: Iterable[Root],
        stdlib: frozenset[str],
        editable: Mapping[str, Path] | None = None,
    ) -> None:
        self.project = list(project)
        self.installed = list(installed)
        self._stdlib = stdlib
        self._editable = dict(editable or {})
        self._found: dict[str, Node | Literal["stdlib"] | None] = {}
        self._listings: dict[str, _Listing] = {}

    def prefer(self, root: Root) -> None:
        """Search ``root`` before the other installed ones from now on."""
        self.installed.insert(0, root)
        self._found.clear()

    def find(self, name: str) -> Node | Literal["stdlib"] | None:
        """Return the module ``name``; ``STDLIB`` for one of the standard library, ``None`` if it does not exist."""
        try:
            return self._found[name]
        except KeyError:
            found = self._found[name] = self._search(name)
            return found

    def children(self, name: str) -> list[str]:
        """Return the full names of the modules in a package, sorted; for ``""`` those that are in none.

        Those of the standard library are not among them.
        """
        if name:
            found = self.find(name)
            portions = found.portions if isinstance(found, Node) else []
        else:
            portions = [(root, "") for root in (*self.project, *self.installed)]
        tails: set[str] = set()
        for root, folder in portions:
            listing = self._list(root, folder)
            tails.update(listing.folders, listing.addons)
            tails.update(file.rpartition(".")[0] for file in listing.files if file.endswith((".py", ".pyc")))
        names = (f"{name}.{tail}" if name else tail for tail in sorted(tails - {"", "__init__"}) if "." not in tail)
        return [child for child in names if isinstance(self.find(child), Node)]

    def _search(self, name: str) -> Node | Literal["stdlib"] | None:
        parent_name, _, tail = name.rpartition(".")
        if not tail:
            return None
        if not parent_name:
            return self._search_top(name)
        parent = self.find(parent_name)
        if parent is None:
            return None
        if isinstance(parent, str):
            return STDLIB if name in self._stdlib or name in _MADE_AT_RUN_TIME else None
        return self._search_in(name, tail, parent.portions) if parent.portions else None

    def _search_top(self, name: str) -> Node | Literal["stdlib"] | None:
        spaces: list[Node] = []
        found = self._first(name, name, [(root, "") for root in self.project], spaces)
        if found is None and name in self._stdlib:
            return STDLIB
        if found is None:
            found = self._first(name, name, [(root, "") for root in self.installed], spaces)
        if found is not None and found.kind is ModuleKind.PACKAGE and _extends_itself(found):
            found.portions = self._all_portions(found, name)
        if found is None and name in self._editable:
            found = self._mapped(name, self._editable[name])
        return found or _merged(spaces)

    def _all_portions(self, package: Node, name: str) -> list[tuple[Root, str]]:
        """Return the directories of a package that extends its path by those of its name on ``sys.path``."""
        roots = [*self.project, *self.installed]
        others = [(root, name) for root in roots if name in self._list(root, "").folders]
        return [*package.portions, *(portion for portion in others if portion not in package.portions)]

    def _mapped(self, name: str, path: Path) -> Node | None:
        if path.name in (name, f"{name}.py"):
            root = Root(path.parent, SITE_PACKAGES)
            return self._first(name, name, [(root, "")], [])
        return None

    def _search_in(self, name: str, tail: str, portions: list[tuple[Root, str]]) -> Node | None:
        spaces: list[Node] = []
        found = self._first(name, tail, portions, spaces)
        # A package in a package that extends its path may do so too; the others are not read for it.
        if found is not None and len(portions) > 1 and found.kind is ModuleKind.PACKAGE and _extends_itself(found):
            for root, folder in portions:
                if tail in self._list(root, folder).folders and (root, f"{folder}/{tail}") not in found.portions:
                    found.portions.append((root, f"{folder}/{tail}"))
        if found is None and name in self._editable:
            found = self._mapped(tail, self._editable[name])
        return found or _merged(spaces)

    def _first(self, name: str, tail: str, portions: list[tuple[Root, str]], spaces: list[Node]) -> Node | None:
        """Return the first regular module; portions of a namespace package are added to ``spaces``."""
        for root, folder in portions:
            listing = self._list(root, folder)
            base = f"{folder}/{tail}" if folder else tail
            if tail in listing.folders:
                inner = self._list(root, base)
                addons = [f"{base}/{file}" for file in inner.addons.get("__init__", [])]
                source = "__init__.py" in inner.files
                bytecode = not source and not addons and "__init__.pyc" in inner.files
                if source or addons or bytecode:
                    kind = ModuleKind.EXTENSION_PACKAGE if addons and not source else ModuleKind.PACKAGE
                    relative = f"{base}/__init__.py" if source else f"{base}/__init__.pyc" if bytecode else addons[0]
                    node = Node(name=name, kind=kind, root=root, relative=relative, source=source, addons=addons)
                    node.bytecode = bytecode
                    node.portions = [(root, base)]
                    return node
            addons = [f"{folder}/{file}" if folder else file for file in listing.addons.get(tail, [])]
            source = f"{tail}.py" in listing.files
            if source or addons:
                kind = ModuleKind.MODULE if source else ModuleKind.EXTENSION
                relative = f"{base}.py" if source else addons[0]
                return Node(name=name, kind=kind, root=root, relative=relative, source=source, addons=addons)
            if f"{tail}.pyc" in listing.files:
                relative = f"{base}.pyc"
                return Node(
                    name=name, kind=ModuleKind.MODULE, root=root, relative=relative, source=False, bytecode=True
                )
            if tail in listing.folders:
                space = Node(name=name, kind=ModuleKind.NAMESPACE, root=root, relative=base, source=False)
                space.portions = [(root, base)]
                spaces.append(space)
        return None

    def _list(self, root: Root, folder: str) -> _Listing:
        path = os.path.join(root.directory, folder) if folder else str(root.directory)  # noqa: PTH118  # hot
        listing = self._listings.get(path)
        if listing is None:
            listing = self._listings[path] = _read_folder(path)
        return listing


def _read_folder(path: str) -> _Listing:
    files: list[str] = []
    folders: list[str] = []
    addons: dict[str, list[str]] = {}
    endings = catalogue().addon_endings
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.name)
                    continue
                files.append(entry.name)
                if entry.name.endswith(endings) and (stem := addon_stem(entry.name)):
                    addons.setdefault(stem, []).append(entry.name)
    except OSError:  # directories on a search path need not exist
        pass
    for names in addons.values():
        names.sort()
    return _Listing(frozenset(files), frozenset(folders), addons)


def _extends_itself(package: Node) -> bool:
    """Whether a package extends its ``__path__``, by ``pkgutil.extend_path`` or setuptools' older function."""
    try:
        text = package.file.read_bytes()
    except OSError:
        return False
    return b"extend_path(" in text or b"declare_namespace(" in text


def _merged(spaces: list[Node]) -> Node | None:
    """Return the namespace package that consists of these portions, ``None`` without any."""
    if not spaces:
        return None
    first = spaces[0]
    first.portions = [portion for space in spaces for portion in space.portions]
    return first


def addon_stem(name: str) -> str:
    """Return the module name of an extension's file: ``md`` for ``md.cpython-311-x86_64-linux-gnu.so``.

    ``""`` for other shared libraries (``libfoo.so``, ``x.so.1``).
    """
    if not name.endswith(catalogue().addon_endings):
        return ""
    stem, _, tags = name.rpartition(".")[0].partition(".")
    if stem.startswith("lib") and not tags:
        return ""
    return stem
