"""Which files of a distribution are packaged besides its modules: data, shared libraries, programs."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from pypkg.collect.draft import Draft
from pypkg.collect.metadata import metadata_files
from pypkg.environment.distributions import Distribution
from pypkg.environment.fit import fits, is_library
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import addon_stem
from pypkg.graph.walk import Walk, in_tests
from pypkg.project.dictionary_entry import DictionaryEntry
from pypkg_core.names import has_module_name
from pypkg_core.snapshot import SITE_PACKAGES, stdlib_directory

__all__ = ["add_files_of_distributions"]

# For building and type checking, not for running.
_DEVELOPMENT: Final = re.compile(r"\.(py[coix]|px[di]|hpp|cpp|cc|pth|[hcao])$")

_LIB: Final = stdlib_directory("").partition("/")[0]


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
        if owner is not None and in_tests(node.relative):
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
            relative, entry, tests_reached
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
    for relative in distribution.outside:
        # What it would hide is the project's, or the base's own.
        if relative.partition("/")[0] in (SITE_PACKAGES, _LIB, context.application.name):
            draft.diagnostics.detail(f"{distribution.name}: left out {relative}: that is another's place")
        elif not is_library(relative) and distribution.prefix is not None:
            draft.add_data(distribution.prefix / relative, relative, distribution.name)
    if unloadable:
        more = f" and {len(unloadable) - 1} more" if len(unloadable) > 1 else ""
        draft.diagnostics.notice(
            f"{distribution.name}: left out {unloadable[0]}{more}, which {context.target} cannot load:"
            " shared libraries for another platform"
        )


def _is_left_out(relative: str, entry: DictionaryEntry, tests_reached: Collection[str]) -> bool:
    if entry.assets.matches(relative):
        return False
    return (
        "__pycache__/" in relative
        or _DEVELOPMENT.search(relative) is not None
        or entry.excludes.matches(relative)
        or (in_tests(relative) and not any(relative.startswith(f"{folder}/") for folder in tests_reached))
    )
