"""Which files of a distribution are packaged besides its modules: data, shared libraries, programs."""

from __future__ import annotations

from collections.abc import Collection

from pypkg.collect.draft import Draft
from pypkg.collect.metadata import metadata_files
from pypkg.environment.distributions import Distribution
from pypkg.environment.fit import fits, is_library
from pypkg.environment.pytest_folders import in_folders
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import addon_stem
from pypkg.graph.walk import Walk
from pypkg.project.dictionary_entry import DictionaryEntry
from pypkg_core.names import has_module_name
from pypkg_core.snapshot import SITE_PACKAGES, stdlib_directory

__all__ = ["add_files_of_distributions"]


def add_files_of_distributions(draft: Draft, context: GraphContext, walk: Walk) -> None:
    """Add the files of the distributions that come whole: metadata, and what is no module.

    Args:
        draft: gets the files, and notices about what is left out.
        context: holds the target and the dictionary.
        walk: knows the distributions, and which modules and tests were reached.
    """
    members = walk.members_by_owner()
    tests: dict[str, set[str]] = {}
    for name, node in walk.nodes.items():
        owner = walk.owners.get(name)
        if owner is not None and in_folders(node.relative, owner.test_folders):
            tests.setdefault(owner.name, set()).add(node.relative.rpartition("/")[0])
    for name, distribution in walk.distributions.items():
        draft.add_files(metadata_files(distribution, SITE_PACKAGES))
        modules = {walk.members[module].relative for module in members.get(name, ())}
        _add_files(draft, context, distribution, modules, tests.get(name, ()))


def _add_files(
    draft: Draft,
    context: GraphContext,
    distribution: Distribution,
    modules: Collection[str],
    tests_reached: Collection[str],
) -> None:
    entry = context.dictionary.entry(distribution.name)
    if entry.log:
        draft.diagnostics.notice(entry.log)
    unloadable = []
    for relative in distribution.files:
        if (distribution.info and relative.startswith(f"{distribution.info}/")) or _is_left_out(
            relative, distribution, entry, tests_reached
        ):
            continue
        source, path = distribution.root / relative, f"{SITE_PACKAGES}/{relative}"
        if is_library(relative):
            if fits(source, context.target):
                draft.add_library(source, path, distribution.name)
            elif not addon_stem(relative.rpartition("/")[2]):
                unloadable.append(relative)
        elif relative not in modules and not has_module_name(relative):
            draft.add_data(source, path, distribution.name)
    unloadable += _add_files_outside(draft, context, distribution)
    if unloadable:
        more = f" and {len(unloadable) - 1} more" if len(unloadable) > 1 else ""
        draft.diagnostics.notice(
            f"{distribution.name}: left out {unloadable[0]}{more}, which {context.target} cannot load:"
            " shared libraries for another platform"
        )


def _add_files_outside(draft: Draft, context: GraphContext, distribution: Distribution) -> list[str]:
    """Add what a distribution installs outside ``site-packages``; return libraries that the target cannot load."""
    unloadable = []
    taken = (SITE_PACKAGES, context.application.name)
    library = stdlib_directory("")  # of any series: what is there is for that Python
    for relative in distribution.outside:
        source = (distribution.prefix or distribution.root) / relative
        # What it would hide is the project's, or the base's own.
        if relative.partition("/")[0] in taken or relative.startswith(library):
            draft.diagnostics.detail(f"{distribution.name}: left out {relative}: that is another's place")
        elif not is_library(relative):
            draft.add_data(source, relative, distribution.name)
        elif fits(source, context.target):
            draft.add_library(source, relative, distribution.name)
        else:
            unloadable.append(relative)
    return unloadable


def _is_left_out(
    relative: str, distribution: Distribution, entry: DictionaryEntry, tests_reached: Collection[str]
) -> bool:
    if entry.assets.matches(relative):
        return False
    return (
        "__pycache__/" in relative
        or relative.endswith((".pyc", ".pyo"))  # made of source that is beside it, or it would be a module
        or ("/" not in relative and relative.endswith(".pth"))  # of the environment: lines for its sys.path
        or entry.excludes.matches(relative)
        or (
            in_folders(relative, distribution.test_folders)
            and not any(relative.startswith(f"{folder}/") for folder in tests_reached)
        )
    )
