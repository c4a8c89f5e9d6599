"""Which of the project's own files come along: the data of its packages, and what its code refers to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pypkg.graph.entry import Application
from pypkg.graph.resolver import Node, Resolver
from pypkg.graph.walker import Walk, in_tests
from pypkg_core.names import has_module_name
from pypkg_core.patterns import tree_items

__all__ = ["project_files"]


def project_files(application: Application, walk: Walk, resolver: Resolver) -> Iterator[tuple[Path, str]]:
    """Yield (file on this machine, place below ``/snapshot``) of the project's data, in a fixed order.

    Symbolic links and empty directories are among them.

    What is referred to but not there is a detail, what lies outside the project a warning: it has no place below
    ``/snapshot``.

    Args:
        application: the project.
        walk: what was reached of it.
        resolver: knows where packages lie.
    """
    reached = {**walk.members, **walk.nodes}
    tops = {name.partition(".")[0] for name, node in reached.items() if node.root.project and application.whole}
    for top in sorted(tops):
        package = resolver.find(top)
        if isinstance(package, Node) and package.root.project:
            for root, folder in package.portions:
                for relative in _items(root.directory, folder):
                    if not in_tests(relative) and not has_module_name(relative):
                        yield root.directory / relative, f"{root.prefix}/{relative}"
    for name in sorted(walk.found):
        node = walk.nodes[name]
        for ups, parts, line in walk.found[name].get("assets", ()):
            place = node.file
            for _ in range(ups):
                place = place.parent
            yield from _below(application, walk, node, place.joinpath(*parts), line)
        for package_name, parts, line in walk.found[name].get("resources", ()):
            for package_folder in _package_folders(node, package_name, resolver):
                yield from _below(application, walk, node, package_folder.joinpath(*parts), line)


def _below(application: Application, walk: Walk, node: Node, place: Path, line: int) -> Iterator[tuple[Path, str]]:
    shown = f"{node.relative}:{line}"
    place = Path(os.path.normpath(place))
    if not place.exists():
        walk.details[f"{shown}: refers to {place.name}, which is not there"] = None
        return
    if not place.is_relative_to(application.root):
        walk.warnings[f"{shown}: refers to {place}, which lies outside the project and cannot come along"] = None
        return
    if place == application.root:
        return
    relative = place.relative_to(application.root).as_posix()
    for found in _items(application.root, relative):
        yield application.root / found, f"{application.name}/{found}"


def _items(root: Path, place: str) -> list[str]:
    """Return what is at or below a place, without bytecode caches."""
    top = root / place
    items = [top] if top.is_symlink() or not top.is_dir() else tree_items(top)
    return sorted(item.relative_to(root).as_posix() for item in items if "__pycache__" not in item.parts)


def _package_folders(node: Node, name: str, resolver: Resolver) -> list[Path]:
    """Return the folders of a package of the project; installed ones come whole anyway."""
    if name in ("__name__", "__package__"):
        name = node.package
    if not name:
        return [node.file.parent]
    found = resolver.find(name)
    if not isinstance(found, Node):
        return []
    return [root.directory / folder for root, folder in found.portions if root.project]
