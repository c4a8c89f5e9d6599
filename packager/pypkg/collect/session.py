"""Collect everything the application needs that is not in the base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pypkg.collect.addons import addon_notices, required_addon_error
from pypkg.collect.builder import build_payload
from pypkg.collect.replacements import Replacements
from pypkg.diagnostics import Diagnostics, Severity
from pypkg.environment.interpreter import Environment
from pypkg.graph.context import GraphContext
from pypkg.graph.fate import Fate, classify
from pypkg.graph.walk import Walk
from pypkg.graph.walker import Walker
from pypkg.items import Payload
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.targets.catalogue import Target

__all__ = ["collect"]


def collect(context: GraphContext, environment: Environment, *, cache: Path) -> Payload:
    """Walk a project and gather what goes into its executable.

    Args:
        context: made for the project, its configuration and a target.
        environment: where the dependencies are installed.
        cache: directory for wheels.

    Raises:
        PypkgError: a module of the project does not compile; a required addon does not fit the target; a worker
            crashed.
    """
    replacements = Replacements(context, python=environment.python, cache=cache)
    context, walk, fate = _settle(context, replacements)
    payload = build_payload(context, walk)
    diagnostics = _version_notice(environment, context.target, payload)
    diagnostics.extend(replacements.diagnostics)
    diagnostics.extend(addon_notices(context, walk, fate))
    diagnostics.extend(payload.diagnostics.by_location())
    return replace(payload, diagnostics=diagnostics)


def _settle(context: GraphContext, replacements: Replacements) -> tuple[GraphContext, Walk, Fate]:
    """Walk until nothing more has to be replaced or left out."""
    while True:
        walk = Walker(context).run()
        if replacements.fetch(walk):
            continue
        fate = classify(walk.imports, walk.unfit)
        if fate.required:
            raise required_addon_error(context, walk, fate, problem=replacements.problem)
        if fate.absent <= context.absent:
            return context, walk, fate
        context = replace(context, absent=context.absent | fate.absent)


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
