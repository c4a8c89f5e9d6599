"""Errors and notices about native addons that do not fit the target."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pypkg.diagnostics import Diagnostics
from pypkg.graph.context import GraphContext
from pypkg.graph.fate import Fate
from pypkg.graph.walk import Walk
from pypkg_core.errors import PypkgError

__all__ = ["addon_notices", "unfit_addon_error"]


def unfit_addon_error(context: GraphContext, walk: Walk, addon: str, importer: str) -> PypkgError:
    """Return the error for a required addon that no wheel can replace.

    That is one of the project itself, or any where the platform loads none.
    """
    target, owner = context.target, walk.unfit[addon]
    distribution = walk.distributions.get(owner)
    shown = f"{owner} {distribution.version}".strip() if distribution is not None else owner
    details = {"imported by": importer}
    if walk.nodes[addon].bytecode:
        return PypkgError(
            f"Cannot package {shown} for {target}: its module {addon} has no source and is bytecode of another Python",
            hint=f"Install {owner} for Python {target.series}",
            context=details,
        )
    if target.addons:
        return PypkgError(
            f"Cannot package {shown} for {target}: its native addon {addon} is for another Python or platform",
            hint=f"Compile {addon} for {target}, or remove it",
            context=details,
        )
    other = target.with_addons
    instead = f"Package for {other} instead, or remove" if other is not None else "Remove"
    return PypkgError(
        f"Cannot package {shown} for {target}: it needs its native addon {addon},"
        " and a fully static executable cannot load addons",
        hint=f"{instead} the dependency on {owner}",
        context=details,
    )


def addon_notices(context: GraphContext, walk: Walk, fate: Fate, *, absent: Collection[str]) -> Diagnostics:
    """Return notices about addons, and distributions that need them, that are replaced or left out.

    Args:
        absent: the distributions that were left out.
    """
    diagnostics = Diagnostics()
    for name, modules in sorted(walk.replaced.items()):
        diagnostics.notice(f"{name}: using Python source in place of the native addon {_listed(modules)}")
    optional: dict[str, list[str]] = {}
    for addon in sorted(fate.optional):
        optional.setdefault(walk.unfit[addon], []).append(addon)
    for name, modules in sorted(optional.items()):
        diagnostics.notice(
            f"{name}: left out the optional addon {_listed(modules)}, which cannot be loaded on {context.target}"
            if not any(walk.nodes[module].bytecode for module in modules)
            else f"{name}: left out {_listed(modules)}, which have no source and are bytecode of another Python"
        )
    for name in sorted(absent):
        diagnostics.notice(
            f"{name}: left out, because it needs native addons or bytecode that {context.target} cannot load;"
            " nothing that was found fails without it"
        )
    return diagnostics


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    shown = ", ".join(found[:3])
    return shown if len(found) <= 3 else f"{shown} and {len(found) - 3} more"
