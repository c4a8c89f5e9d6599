"""What becomes of native addons that do not fit the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pypkg.graph.import_graph import ImportGraph
from pypkg_core.names import MAIN_MODULE

__all__ = ["Fate", "classify"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What becomes of the addons that do not fit.

    Attributes:
        required: addon -> the module that needs it.
        optional: addons whose importers all work without them.
        absent: distributions that are left out whole, because they do not work on the target and their importers work
            without them.
    """

    required: Mapping[str, str]
    optional: frozenset[str]
    absent: frozenset[str]


def classify(imports: ImportGraph, unfit: Mapping[str, str]) -> Fate:
    """Decide what becomes of addons that do not fit and have no Python source of the same name.

    An import is *hard* when the importer fails without it. An addon is required when a chain of hard imports leads
    from the application to it. An import below an ``if`` is not hard when another import of the same addon is guarded:
    packages test for their addon once and check a flag later.

    Args:
        imports: the imports of all walked code.
        unfit: addon module -> distribution.
    """
    if not unfit:  # most often; following every import takes a while
        return Fate(required={}, optional=frozenset(), absent=frozenset())
    needed = imports.reached_hard([MAIN_MODULE])
    required: dict[str, str] = {}
    for addon in unfit:
        importer = imports.hard_importer(addon, needed)
        if importer is not None:
            required[addon] = importer
    optional, absent = set(), set()
    for addon, owner in unfit.items():
        if addon in required:
            continue
        members = imports.members(owner)
        entered = imports.entered(members)
        nothing_left = bool(entered) and unfit.keys() >= set(entered)
        fails = nothing_left or imports.hard_importer(addon, imports.reached_hard(entered)) is not None
        if needed.isdisjoint(members) and fails:
            absent.add(owner)
        else:
            optional.add(addon)
    return Fate(required=required, optional=frozenset(optional), absent=frozenset(absent))
