"""What comes along without being reached by an import: what is declared, and what unwalked modules need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pypkg.environment.distributions import Distribution
from pypkg.environment.wanted import RequirementSearch, Want
from pypkg.graph.context import GraphContext
from pypkg.graph.import_graph import ImportEdge
from pypkg.graph.resolver import Node
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk

__all__ = ["Declared"]


class Declared:
    """Follows declarations beside a walk that grows.

    Args:
        context: knows what the project requires, and what is installed.
        walk: what was reached.
        sources: reads modules that were not reached.
    """

    def __init__(self, context: GraphContext, walk: Walk, sources: Sources) -> None:
        self._context = context
        self._walk = walk
        self._sources = sources
        self._search = RequirementSearch(context.installed.by_name, context.markers, leaves_out=context.leaves_out)
        self._searched: set[str] = set()
        self._told: set[str] = set()

    def new_distributions(self) -> list[tuple[Distribution, str]]:
        """Return the distributions that are required and not in the walk yet, each with who requires it.

        They are what the project declares and what all distributions of the walk declare, with the extras that are
        asked for.
        """
        first = not self._searched
        reached = sorted(self._walk.distributions.keys() - self._searched)
        self._searched.update(reached, self._search.required)
        self._search.run(self._context.declared or () if first else (), reached)
        installed = self._context.installed.by_name
        found = []
        for name, want in self._search.required.items():
            if name in self._told or name in self._walk.distributions:
                continue
            self._told.add(name)
            if name in installed:
                found.append((installed[name], want.by or self._context.application.name))
            else:
                self._tell_missing(want)
        return found

    def imports(self) -> Iterator[ImportEdge]:
        """Yield the imports of unwalked modules that are followed; none of them is hard.

        Those are all of the project's modules. In distributions those that lead to what an extra requires: if the
        project declares nothing, nobody says which extras are in use, and their being installed counts.

        The walk may grow while they are taken.
        """
        for distribution in [found for name, found in self._walk.distributions.items() if name in self._walk.examined]:
            optional = self._context.optional_requirements(distribution) - self._walk.distributions.keys()
            missing = {name for name in optional if not self._context.leaves_out(name)}
            if missing:
                members = self._walk.members_by_owner().get(distribution.name, ())
                yield from self._imports_of(members, missing)
        if self._context.application.whole:
            yield from self._imports_of([name for name, node in self._walk.members.items() if node.root.project], None)

    def _imports_of(self, members: Iterable[str], distributions: Collection[str] | None) -> Iterator[ImportEdge]:
        """Yield the imports of ``members`` that lead to one of ``distributions``, or to any when that is ``None``."""
        resolver = self._context.resolver
        for name in members:
            node = self._walk.members[name]
            if name in self._walk.nodes or not node.has_code or name in self._walk.broken:
                continue
            for item in self._sources.walked(node).findings.imports:
                if item.level or item.typing_only:
                    continue
                found = resolver.find(item.name) or resolver.find(item.name.partition(".")[0])
                owner = self._context.owner(found) if isinstance(found, Node) else None
                if isinstance(found, Node) and owner and (distributions is None or owner.name in distributions):
                    yield ImportEdge(name, found.name)

    def _tell_missing(self, want: Want) -> None:
        """Say what is declared and not there; what else declares it may work without."""
        if want.by:
            self._walk.diagnostics.detail(f"{want.by} requires {want.name}, which is not installed")
        else:
            self._walk.diagnostics.warning(
                f"{self._context.application.name} requires {want.name}, which is not installed"
            )
