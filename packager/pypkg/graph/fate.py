"""What becomes of native addons that do not fit the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pypkg.graph.import_graph import Edges

__all__ = ["Fate", "classify"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of the addons that do not fit.

    Attributes:
        required: addon -> the module that needs it.
        optional: addons whose every import survives their absence.
        absent: distributions that are left out whole, because they cannot work and whoever imports them can do without.
    """

    required: Mapping[str, str]
    optional: frozenset[str]
    absent: frozenset[str]


def classify(edges: Edges, unfit: Mapping[str, str]) -> Fate:
    """Decide what becomes of addons that neither fit nor have a Python twin.

    An import is *hard* when the importer fails without it. An addon is required when a chain of hard imports leads
    from the application to it. An import below an ``if`` does not count as hard when another one of the same addon
    is guarded: that is how packages test for their addon once and ask a flag later.

    Args:
        edges: the imports of all walked code.
        unfit: addon module -> distribution.
    """
    needed = edges.reached_hard(["__main__"])
    required: dict[str, str] = {}
    for addon in unfit:
        importer = edges.hard_importer(addon, needed)
        if importer is not None:
            required[addon] = importer
    optional, absent = set(), set()
    for addon, owner in unfit.items():
        if addon in required:
            continue
        members = edges.members(owner)
        inside = edges.reached_hard(edges.entered(members))
        if needed.isdisjoint(members) and edges.hard_importer(addon, inside) is not None:
            absent.add(owner)
        else:
            optional.add(addon)
    return Fate(required=required, optional=frozenset(optional), absent=frozenset(absent))
