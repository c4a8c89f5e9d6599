"""The modules of a payload: their kind, code and source."""

from __future__ import annotations

from pypkg.collect.draft import Draft
from pypkg.compile.findings import SourceError
from pypkg.environment.fit import best_fitting
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import Node
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk
from pypkg.items import Module
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import ModuleKind
from pypkg_core.names import MAIN_MODULE

__all__ = ["ModuleBuilder"]


class ModuleBuilder:
    """Adds the modules of a walk to a draft, after its files.

    Args:
        draft: gets the modules.
        context: finds the packages that modules are in.
        walk: what was reached.
        sources: compiles them.
    """

    def __init__(self, draft: Draft, context: GraphContext, walk: Walk, sources: Sources) -> None:
        self._draft = draft
        self._context = context
        self._walk = walk
        self._sources = sources
        self._unreadable: dict[str, list[str]] = {}

    def add_all(self) -> None:
        """Add every module.

        Raises:
            PypkgError: a module of the project does not compile.
        """
        for name, node in self._walk.modules().items():
            self._add(name, node)
        for owner, names in sorted(self._unreadable.items()):
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self._draft.diagnostics.notice(
                f"{owner}: left out {min(names)}{more}, which have no source and are bytecode of another Python"
            )

    def _add(self, name: str, node: Node) -> None:
        owner = self._walk.owners.get(name)
        owner_name = owner.name if owner is not None else ""
        addon = self._addon(name, node)
        if addon is not None:
            self._add_addon(name, node, addon, owner_name)
        elif node.kind is ModuleKind.NAMESPACE:
            self._put(Module(name=name, kind=ModuleKind.NAMESPACE, path=node.path), node)
        elif node.has_code and node.name not in self._walk.unfit:
            self._add_source(name, node, owner_name)

    def _addon(self, name: str, node: Node) -> str | None:
        """Return the extension file that is used, below the module's root."""
        chosen = self._walk.chosen.get(name)
        if chosen is None and node.addons and name not in self._walk.nodes:
            return best_fitting(node.root.directory, node.addons, self._context.target)
        return chosen

    def _add_addon(self, name: str, node: Node, addon: str, owner: str) -> None:
        package = node.kind in (ModuleKind.PACKAGE, ModuleKind.EXTENSION_PACKAGE)
        kind = ModuleKind.EXTENSION_PACKAGE if package else ModuleKind.EXTENSION
        path = f"{node.root.prefix}/{addon}"
        self._draft.add_library(node.root.directory / addon, path, owner)
        self._put(Module(name=name, kind=kind, path=path, owner=owner), node)

    def _add_source(self, name: str, node: Node, owner: str) -> None:
        compiled = self._sources.compiled(name, node)
        in_data = self._is_in_data(node)
        if compiled.error is not None:
            self._broken(node, compiled.error, owner, in_data=in_data)
            return
        self._put(
            Module(
                name=name,
                kind=node.kind,
                path=node.path,
                code=compiled.code,
                source=node.file if node.source and not self._is_generated(name) else None,
                owner=owner,
                readable=in_data or node.path in self._draft.files,
            ),
            node,
        )

    def _is_generated(self, name: str) -> bool:
        return name == MAIN_MODULE and self._context.application.generated

    def _broken(self, node: Node, error: SourceError, owner: str, *, in_data: bool) -> None:
        """Handle a module that does not compile and that nothing imports: a template, or a mistake of the project."""
        if node.root.project and not in_data and node.name not in self._walk.broken:
            location = f"{node.file}:{error.line}" if error.line else str(node.file)
            raise PypkgError(f"Cannot compile {location}: {error.message}")
        if node.bytecode:
            self._unreadable.setdefault(owner, []).append(node.name)
            return
        self._draft.add_data(node.file, node.path, owner)
        self._draft.diagnostics.detail(f"{error.message}; packaged as data", file=node.relative, line=error.line)

    def _put(self, module: Module, node: Node) -> None:
        """Add a module, and the namespace packages it is in."""
        self._draft.modules[module.name] = module
        parent = module.name.rpartition(".")[0]
        if parent and parent not in self._draft.modules:
            found = self._context.resolver.find(parent)
            if (
                isinstance(found, Node)
                and found.kind is ModuleKind.NAMESPACE
                and found.root.project == node.root.project
            ):
                self._add(parent, found)

    def _is_in_data(self, node: Node) -> bool:
        """Return whether a module is below a package in a directory that is none: templates, examples, plug-ins."""
        parent = self._context.resolver.find(node.name.rpartition(".")[0]) if "." in node.name else None
        if not isinstance(parent, Node) or parent.kind is not ModuleKind.NAMESPACE:
            return False
        name = parent.name.rpartition(".")[0]
        while name:
            found = self._context.resolver.find(name)
            if isinstance(found, Node) and found.kind is not ModuleKind.NAMESPACE:
                return True
            name = name.rpartition(".")[0]
        return False
