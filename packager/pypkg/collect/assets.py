"""Find the project's files that are packaged: the data of its packages, and what its code refers to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pypkg.diagnostics import Diagnostics
from pypkg.environment.pytest_folders import folders_of_tests, in_folders
from pypkg.graph.context import GraphContext
from pypkg.graph.entry import Application
from pypkg.graph.named import module_of_file, referred_paths
from pypkg.graph.resolver import Node, Resolver
from pypkg.graph.walk import Walk
from pypkg_core.names import has_module_name
from pypkg_core.patterns import tree_items

__all__ = ["Item", "Reference", "Tree", "configured_assets", "find_assets"]


class Tree(NamedTuple):
    """A directory that is packaged from.

    Attributes:
        directory: on this machine.
        prefix: its path below ``/snapshot``.
    """

    directory: Path
    prefix: str


class Reference(NamedTuple):
    """Where code refers to a file: the module's file, and its line."""

    file: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One file, link or empty directory to package.

    Attributes:
        tree: what it is in; links that stay in it stay links.
        relative: its path there.
        path: its path below ``/snapshot``.
        words: the names by which the configuration selects it; ``None`` if a rule found it.
        reference: where code refers to this very file.
    """

    tree: Tree
    relative: str
    path: str
    words: frozenset[str] | None = None
    reference: Reference | None = None


def configured_assets(application: Application) -> Iterator[Item]:
    """Yield what the configuration names."""
    for asset in application.assets:
        path = f"{application.name}/{asset.path}"
        # Where a file gets another name, it is alone in its tree.
        prefix = path.removesuffix(f"/{asset.relative}") if path.endswith(f"/{asset.relative}") else ""
        tree = Tree(asset.directory, prefix)
        yield Item(tree=tree, relative=asset.relative, path=path, words=asset.words)


def find_assets(context: GraphContext, walk: Walk, diagnostics: Diagnostics) -> Iterator[Item]:
    """Yield the project's data, in a fixed order.

    Symbolic links and empty directories are included. A reference to a missing file is a detail. A reference to a
    file outside the project is a warning, because such a file has no path below ``/snapshot``.

    Args:
        context: holds the application, and finds packages.
        walk: what was reached.
        diagnostics: gets the details and warnings.
    """
    application = context.application
    packages = list(_package_data(context, walk))
    yield from packages
    for name in sorted(walk.findings):
        node, findings = walk.nodes[name], walk.findings[name]
        for asset in findings.assets:
            for path in referred_paths(node, asset):
                # Code that is found by a pattern is packaged as modules, without its text.
                if not asset.wild or module_of_file(path, context.resolver) is None:
                    yield from _referred(application, node, path, asset.line, diagnostics)
        for resource in findings.resources:
            package = node.package if resource.own_package else resource.package
            for folder in _package_folders(node, package, context.resolver):
                yield from _referred(application, node, folder.joinpath(*resource.parts), resource.line, diagnostics)
        mentioned = [path for item in findings.mentions for path in referred_paths(node, item) if path.is_file()]
        # A usage text that names the script does not ask for its source.
        for path in (path for path in mentioned if module_of_file(path, context.resolver) is None):
            yield from _referred(application, node, path, 0, diagnostics)
        if findings.stub and (stub := node.file.with_suffix(".pyi")).is_file():
            yield from _referred(application, node, stub, 0, diagnostics)
        for computed in findings.computed if not mentioned else ():
            folder = node.file.parents[computed.parents - 1]
            if not any((item.tree.directory / item.relative).is_relative_to(folder) for item in packages):
                diagnostics.warning(
                    f"cannot tell which file {computed.text} is",
                    file=node.relative,
                    line=computed.line,
                    hint="name the files in assets",
                )


def _package_data(context: GraphContext, walk: Walk) -> Iterator[Item]:
    """Yield the data of packages that come whole."""
    if not context.application.whole:
        return
    for top in sorted({name.partition(".")[0] for name, node in walk.modules().items() if node.root.project}):
        package = context.resolver.find(top)
        if isinstance(package, Node) and package.root.project:
            for root, folder in package.portions:
                tree = _tree(context.application, Tree(root.directory, root.prefix))
                items = _items(root.directory, folder)
                folders = folders_of_tests(items)
                for relative in items:
                    if not in_folders(relative, folders) and not has_module_name(relative):
                        yield _item(tree, root.directory / relative)


def _tree(application: Application, root: Tree) -> Tree:
    """Return the project's own directory for an import root in it: links may lead anywhere in the project."""
    inside = root.directory.is_relative_to(application.root)
    return Tree(application.root, application.name) if inside else root


def _item(tree: Tree, file: Path, reference: Reference | None = None) -> Item:
    relative = file.relative_to(tree.directory).as_posix()
    return Item(tree=tree, relative=relative, path=f"{tree.prefix}/{relative}", reference=reference)


def _referred(application: Application, node: Node, path: Path, line: int, diagnostics: Diagnostics) -> Iterator[Item]:
    """Yield a file or everything in a directory that a module refers to."""
    path = Path(os.path.normpath(path))
    if not path.exists():
        text = f"refers to {path.name}, which does not exist"
        diagnostics.detail(text, file=node.relative, line=line)
        return
    tree = _tree(application, Tree(node.root.directory, node.root.prefix))
    if not path.is_relative_to(tree.directory):
        text = f"refers to {path}, which is outside the project and cannot be packaged"
        hint = 'give it a path in the project: assets = [{ from = "...", to = "..." }]'
        diagnostics.warning(text, file=node.relative, line=line, hint=hint)
        return
    if path == tree.directory:
        return
    for found in _items(tree.directory, path.relative_to(tree.directory).as_posix()):
        file = tree.directory / found
        yield _item(tree, file, Reference(node.relative, line) if file == path else None)


def _items(root: Path, relative: str) -> list[str]:
    """Return the file ``relative``, or everything in that directory; below ``root``."""
    top = root / relative
    items = [top] if top.is_symlink() or not top.is_dir() else tree_items(top)
    return sorted(item.relative_to(root).as_posix() for item in items)


def _package_folders(node: Node, package: str, resolver: Resolver) -> list[Path]:
    """Return the directories of a package of the project; installed packages come whole anyway."""
    if not package:
        return [node.file.parent]
    found = resolver.find(package)
    if not isinstance(found, Node):
        return []
    return [root.directory / folder for root, folder in found.portions if root.project]
