"""Turn what a walk reached into a payload: modules, files and bundles."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from pypkg.collect.distribution_files import add_files_of_distributions
from pypkg.collect.draft import Draft
from pypkg.collect.meipass import FOLDER as MEIPASS
from pypkg.collect.meipass import meipass_links
from pypkg.collect.metadata import metadata_files
from pypkg.collect.modules import ModuleBuilder
from pypkg.collect.native import make_bundles, minimum_notice, newer_minima
from pypkg.collect.neighbours import add_neighbours
from pypkg.collect.project_files import ProjectFiles
from pypkg.diagnostics import Diagnostics
from pypkg.graph.context import GraphContext
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk
from pypkg.items import Payload
from pypkg_core.image.layout import ModuleKind
from pypkg_core.snapshot import SITE_PACKAGES, stdlib_directory

__all__ = ["build_payload"]


def build_payload(context: GraphContext, walk: Walk) -> Payload:
    """Return everything that goes into the executable.

    Args:
        context: what the walk worked with.
        walk: what it found.

    Raises:
        PypkgError: a module of the project does not compile.
    """
    sources = Sources(context, walk)
    sources.submit_members()
    draft = Draft(context.application.name)
    add_files_of_distributions(draft, context, walk)
    for distribution in walk.metadata.values():
        draft.add_files(metadata_files(distribution, SITE_PACKAGES))
    ProjectFiles(draft, context, walk).add_all()
    _add_own_metadata(draft, context, walk)
    ModuleBuilder(draft, context, walk, sources).add_all()
    add_neighbours(draft, context.target)
    return _finish(draft, context, walk)


def _add_own_metadata(draft: Draft, context: GraphContext, walk: Walk) -> None:
    """Add the project's own metadata if it is installed."""
    own = context.installed.by_name.get(canonicalize_name(context.application.name))
    if own is not None and own.name not in walk.distributions:
        draft.add_files(metadata_files(own, SITE_PACKAGES))


def _finish(draft: Draft, context: GraphContext, walk: Walk) -> Payload:
    diagnostics = Diagnostics(walk.diagnostics)
    diagnostics.extend(draft.diagnostics)
    sources = {
        module.path for module in draft.modules.values() if module.kind in (ModuleKind.MODULE, ModuleKind.PACKAGE)
    }
    minima = newer_minima(draft, context.target)
    if minima:
        diagnostics.notice(minimum_notice(minima))
    return Payload(
        directories=sorted({*draft.directories, MEIPASS}),
        links=dict(sorted((draft.links | _meipass(draft, context)).items())),
        modules=[draft.modules[name] for name in sorted(draft.modules)],
        files=[draft.files[path] for path in sorted(draft.files) if path not in sources],
        bundles=make_bundles(draft, sources),
        search_path=_search_path(context),
        licences={name: found.licence for name, found in sorted(walk.distributions.items())},
        free=frozenset(name for name, found in walk.distributions.items() if found.is_free),
        minima=minima,
        diagnostics=diagnostics,
    )


def _meipass(draft: Draft, context: GraphContext) -> dict[str, str]:
    paths = {module.path for module in draft.modules.values()} | draft.files.keys() | draft.links.keys()
    roots = [*(root.prefix for root in context.resolver.project), context.application.name, SITE_PACKAGES]
    return meipass_links(paths | draft.directories, dict.fromkeys(roots))


def _search_path(context: GraphContext) -> list[str]:
    directories = [root.prefix for root in context.resolver.project] or [context.application.name]
    directories += [stdlib_directory(context.target.series), SITE_PACKAGES]
    return [context.target.facts.snapshot_path(directory) for directory in directories]
