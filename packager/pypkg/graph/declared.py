"""What unwalked modules need: they are followed only to what their distribution, or the project, declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pypkg.environment.distributions import Distribution
from pypkg.graph.context import GraphContext
from pypkg.graph.import_graph import ImportEdge
from pypkg.graph.members import importable_name
from pypkg.graph.resolver import Node
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk
from pypkg_core.names import MAIN_MODULE

__all__ = ["declared_imports"]


def declared_imports(context: GraphContext, walk: Walk, sources: Sources) -> Iterator[ImportEdge]:
    """Yield the imports of unwalked modules that lead to what is declared; none of them is hard.

    The walk may grow while they are taken.
    """
    for name in sorted(context.added - walk.distributions.keys()):
        yield from _whole(context.installed.by_name[name])
    by_owner = walk.members_by_owner()
    for distribution in list(walk.distributions.values()):
        missing = {
            name
            for name in context.requirements(distribution)
            if name in context.installed.by_name and name not in walk.distributions and name not in context.absent
        }
        if not missing:
            continue
        members = by_owner.get(distribution.name, ())
        yield from _imports_of(members, missing, context, walk, sources)
        if any(name in walk.chosen and not walk.members[name].source for name in members):
            # The imports of an addon cannot be seen.
            for name in sorted(missing):
                yield from _whole(context.installed.by_name[name])
    if context.application.whole:
        members = [name for name, node in walk.members.items() if node.root.project]
        yield from _imports_of(members, context.application.requirements, context, walk, sources)


def _imports_of(
    members: Iterable[str], distributions: Collection[str] | None, context: GraphContext, walk: Walk, sources: Sources
) -> Iterator[ImportEdge]:
    """Yield the imports of ``members`` that lead to one of ``distributions``, or to any when that is ``None``."""
    for name in members:
        node = walk.members[name]
        if name in walk.nodes or not node.source or name in walk.broken:
            continue
        for item in sources.walked(node).findings.imports:
            if item.level or item.typing_only:
                continue
            found = context.resolver.find(item.name) or context.resolver.find(item.name.partition(".")[0])
            owner = context.owner(found) if isinstance(found, Node) else None
            if isinstance(found, Node) and owner is not None and (distributions is None or owner.name in distributions):
                yield ImportEdge(name, found.name)


def _whole(distribution: Distribution) -> Iterator[ImportEdge]:
    tops = {importable_name(relative).partition(".")[0] for relative in distribution.files} - {""}
    for name in sorted(tops):
        yield ImportEdge(MAIN_MODULE, name)
