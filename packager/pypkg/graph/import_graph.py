"""Who imports whom, and whether the importer works without the imported module."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import NamedTuple

__all__ = ["ImportEdge", "ImportGraph"]


class ImportEdge(NamedTuple):
    """One import.

    Attributes:
        source: importing module.
        target: imported module.
        hard: the importer fails when the module is missing.
        conditional: the import stands below an ``if``.
        line: its line in the importer, from 1; 0 when it is not in its text.
    """

    source: str
    target: str
    hard: bool = False
    conditional: bool = False
    line: int = 0


class ImportGraph:
    """The imports of all walked modules."""

    def __init__(self) -> None:
        self._out: dict[str, list[ImportEdge]] = {}
        self._into: dict[str, list[ImportEdge]] = {}
        self._members: dict[str, set[str]] = {}

    def add(self, edge: ImportEdge) -> None:
        """Record an import."""
        self._out.setdefault(edge.source, []).append(edge)
        self._into.setdefault(edge.target, []).append(edge)

    def own(self, module: str, owner: str) -> None:
        """Record the distribution a module belongs to."""
        self._members.setdefault(owner, set()).add(module)

    def members(self, owner: str) -> set[str]:
        """Return the walked modules of a distribution."""
        return self._members.get(owner, set())

    def entered(self, members: Collection[str]) -> list[str]:
        """Return those of ``members`` that other modules import."""
        return sorted(name for name in members if any(edge.source not in members for edge in self._into.get(name, [])))

    def is_imported(self, module: str) -> bool:
        """Whether an import in the text of a module leads to it, and not only a path or another text."""
        return any(edge.line for edge in self._into.get(module, []))

    def reached_hard(self, start: Iterable[str]) -> set[str]:
        """Return the modules that must be imported once ``start`` is imported."""
        seen = set(start)
        queue = deque(sorted(seen))
        while queue:
            for edge in self._out.get(queue.popleft(), []):
                if edge.hard and edge.target not in seen and not self._tested(edge):
                    seen.add(edge.target)
                    queue.append(edge.target)
        return seen

    def hard_importer(self, module: str, reached: Collection[str]) -> str | None:
        """Return the first module in ``reached`` that fails without ``module``, with the line, else ``None``."""
        importers = [
            (edge.source, edge.line)
            for edge in self._into.get(module, [])
            if edge.hard and edge.source in reached and not self._tested(edge)
        ]
        return f"{min(importers)[0]}, line {min(importers)[1]}" if importers else None

    def _tested(self, edge: ImportEdge) -> bool:
        """Whether an import below an ``if`` follows a guarded trial import of the same module."""
        return edge.conditional and any(not other.hard for other in self._into[edge.target])
