"""What a walk found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pypkg.compile.findings import Findings
from pypkg.diagnostics import Diagnostics
from pypkg.environment.distributions import Distribution
from pypkg.graph.import_graph import ImportGraph
from pypkg.graph.resolver import Node

__all__ = ["Walk"]


@dataclass(kw_only=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        nodes: walked modules, by name, in the order they were reached.
        members: modules that are packaged because their distribution (or project package) does, by name.
        owners: distribution of each module; modules of the project have none.
        distributions: those that come whole, by name, in the order they were reached.
        metadata: those of which only the metadata is packaged.
        chosen: module -> extension file that fits and replaces its source, below its root.
        replaced: distribution -> modules whose addon does not fit and whose source is used instead.
        unfit: addon without source, or bytecode without source, that does not fit -> distribution.
        examined: distributions whose modules are searched for imports although nothing reached them.
        findings: of the project's modules, by name.
        broken: modules that do not compile and are left out.
        imports: who imports whom.
        diagnostics: warnings and details about what was found.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    members: dict[str, Node] = field(default_factory=dict)
    owners: dict[str, Distribution] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    metadata: dict[str, Distribution] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, list[str]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    examined: set[str] = field(default_factory=set)
    findings: dict[str, Findings] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    imports: ImportGraph = field(default_factory=ImportGraph)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    def modules(self) -> dict[str, Node]:
        """Return all modules that are packaged, walked or not, by name."""
        return {**self.members, **self.nodes}

    def members_by_owner(self) -> Mapping[str, Sequence[str]]:
        """Return distribution -> its members; those of the project are in no entry."""
        found: dict[str, list[str]] = {}
        for name in self.members:
            owner = self.owners.get(name)
            if owner is not None:
                found.setdefault(owner.name, []).append(name)
        return found
