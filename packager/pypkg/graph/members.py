"""What is packaged whole: the modules of a distribution, or of a package of the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pypkg.environment.distributions import Distribution
from pypkg.environment.pytest_folders import in_folders
from pypkg.graph.context import GraphContext
from pypkg.graph.module_files import importable_name
from pypkg.graph.resolver import Node
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk
from pypkg.project.never_inside import folder_kind

__all__ = ["Members"]


class Members:
    """Adds to a walk what is packaged with a module that was reached.

    Args:
        context: finds the modules.
        walk: gets them.
        sources: starts reading them.
    """

    def __init__(self, context: GraphContext, walk: Walk, sources: Sources) -> None:
        self._context = context
        self._walk = walk
        self._sources = sources
        self._packages: set[str] = set()

    def add_distribution(self, distribution: Distribution) -> list[str]:
        """Add a whole distribution, once.

        Returns:
            The modules that the dictionary has walked although nothing imports them.
        """
        if distribution.name in self._walk.distributions:
            return []
        self._walk.distributions[distribution.name] = distribution
        entry = self._context.dictionary.entry(distribution.name)
        examined = self._context.declared is None and bool(self._context.optional_requirements(distribution))
        if examined:
            self._walk.examined.add(distribution.name)
        scripts = []
        for relative, node in self._modules(distribution):
            if entry.excludes.matches(relative):
                continue
            self._walk.members[node.name] = node
            self._walk.owners[node.name] = distribution
            if node.addons and not node.source:
                self._walk.imports.own(node.name, distribution.name)
            if examined and node.has_code and node.name not in self._walk.nodes:
                self._sources.submit(node)
            if entry.scripts.matches(relative):
                scripts.append(node.name)
        return [*scripts, *entry.hidden_imports]

    def add_project_package(self, node: Node) -> None:
        """Add the whole top-level package of a project module, once."""
        top = node.name.partition(".")[0]
        application = self._context.application
        if not application.whole or top in self._packages:
            return
        self._packages.add(top)
        package = self._context.resolver.find(top)
        if not isinstance(package, Node) or not package.portions:
            return
        for root, folder in package.portions:
            for _, found in self._modules(self._context.installed.owner(root.directory, f"{folder}/__init__.py")):
                if not application.ignores(found.file) and not _is_left_behind(found):
                    self._walk.members[found.name] = found
                    if found.has_code:
                        self._sources.submit(found)

    def _modules(self, distribution: Distribution) -> Iterator[tuple[str, Node]]:
        """Yield the files of a distribution that are modules, outside of tests, and that the configuration keeps."""
        folders = distribution.test_folders
        for relative in distribution.files:
            name = importable_name(relative)
            if not name or in_folders(relative, folders) or self._context.application.drops(name):
                continue
            node = self._context.resolver.find(name)
            if isinstance(node, Node) and relative in (node.relative, *node.addons):
                yield relative, node


def _is_left_behind(node: Node) -> bool:
    """Whether a module of the project is in a folder that is never packaged: a cache, another environment."""
    return any(folder_kind(node.root.directory / folder) for folder in PurePosixPath(node.relative).parents[:-1])
