"""Collect everything the application needs that is not in the base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pypkg.collect.addons import addon_notices, unfit_addon_error
from pypkg.collect.builder import build_payload
from pypkg.collect.native import check_minima
from pypkg.collect.replacements import Replacements
from pypkg.diagnostics import Diagnostics, Severity
from pypkg.environment.interpreter import Environment
from pypkg.environment.resolution import Resolution
from pypkg.graph.context import GraphContext
from pypkg.graph.fate import Fate, classify
from pypkg.graph.walk import Walk
from pypkg.graph.walker import Walker
from pypkg.items import Payload
from pypkg_core.errors import PypkgError
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.targets.catalogue import Target

__all__ = ["collect"]


def collect(context: GraphContext, environment: Environment, resolution: Resolution, *, cache: Path) -> Payload:
    """Walk a project and gather what goes into its executable.

    Args:
        context: made for the project, its configuration and a target.
        environment: where the dependencies are installed.
        resolution: how what does not fit, or is not there, is resolved.
        cache: directory for wheels.

    Raises:
        PypkgError: a module of the project does not compile; a required addon does not fit the target; a distribution
            that the target requires has no wheel; the native code needs a newer glibc than is allowed; a worker
            crashed.
    """
    replacements = Replacements(context, environment, resolution, cache=cache)
    absent: frozenset[str] = frozenset()
    while True:
        walk = Walker(context).run()
        changed = replacements.apply(context, walk)
        if changed is not context:
            context = changed
            continue
        fate = classify(walk.imports, walk.unfit)
        if fate.required:
            raise _required_error(context, walk, fate, replacements)
        if fate.absent <= absent:
            break
        absent |= fate.absent
        context = replace(context, absent=context.absent | absent)
    payload = build_payload(context, walk)
    check_minima(payload.minima, resolution.newest_for(context.target), context.target)
    diagnostics = _version_notice(environment, context.target, payload)
    diagnostics.extend(replacements.diagnostics)
    diagnostics.extend(addon_notices(context, walk, fate, absent=absent))
    diagnostics.extend(payload.diagnostics.by_location())
    return replace(payload, diagnostics=diagnostics)


def _required_error(context: GraphContext, walk: Walk, fate: Fate, replacements: Replacements) -> PypkgError:
    addon, importer = next(iter(fate.required.items()))
    distribution = walk.distributions.get(walk.unfit[addon])
    if not context.target.addons or distribution is None or walk.nodes[addon].bytecode:
        return unfit_addon_error(context, walk, addon, importer)
    return replacements.required_error(distribution, addon=addon, importer=importer)


def _version_notice(environment: Environment, target: Target, payload: Payload) -> Diagnostics:
    """Return a notice if the environment is for another Python version and that may matter."""
    diagnostics = Diagnostics()
    series = ".".join(map(str, environment.version[:2]))
    installed = any(module.path.startswith(f"{SITE_PACKAGES}/") for module in payload.modules)
    if series != target.series and (installed or payload.diagnostics.of(Severity.WARNING)):
        diagnostics.notice(
            f"The environment is for Python {series}, the target for {target.series}: dependencies that are required"
            f" only on {target.series} may be missing"
        )
    return diagnostics
