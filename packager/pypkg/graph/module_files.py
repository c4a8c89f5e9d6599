"""Which files of a distribution are modules, and by which of them it is entered."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from pypkg.environment.distributions import Distribution
from pypkg.environment.pytest_folders import in_folders
from pypkg.graph.resolver import Node, Resolver, addon_stem
from pypkg_core.image.layout import ModuleKind
from pypkg_core.names import module_name

__all__ = ["entry_modules", "importable_name", "top_level_names"]


@functools.cache  # every walk asks about the same files
def importable_name(relative: str) -> str:
    """Return the module name of a distribution's file, ``""`` when it is not a module."""
    if relative.endswith(".py"):
        return module_name(relative)
    if relative.endswith(".pyc"):  # a module without source; those in `__pycache__` have names that none imports
        return "" if "__pycache__/" in relative else module_name(relative[:-1])
    folder, _, file = relative.rpartition("/")
    from_addon = addon_stem(file)
    if not from_addon:
        return ""
    parts = folder.split("/") if folder else []
    if from_addon != "__init__":
        parts.append(from_addon)
    return ".".join(parts)


def top_level_names(distribution: Distribution) -> frozenset[str]:
    """Return the top-level names of a distribution's modules; those of an editable install as far as it tells them."""
    named = (importable_name(relative).partition(".")[0] for relative in distribution.files)
    found = frozenset(named) - {""}
    if found or not any(relative.endswith(".pth") for relative in distribution.files):
        return found
    return frozenset(distribution.text("top_level.txt").split() or [distribution.name.replace("-", "_")])


def entry_modules(distribution: Distribution, resolver: Resolver) -> Iterator[str]:
    """Yield the modules by which a distribution is entered when no import says more: the outermost of each name.

    Namespace packages belong to nobody, so those in them count; extension modules beside others are entered by those.
    """
    folders = distribution.test_folders
    names = {importable_name(relative) for relative in distribution.files if not in_folders(relative, folders)}
    found: dict[str, Node] = {}
    for name in sorted(names - {""}) or sorted(top_level_names(distribution)):
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            node = resolver.find(".".join(parts[:length]))
            if not isinstance(node, Node):
                break
            if node.kind is not ModuleKind.NAMESPACE:
                found[node.name] = node
                break
    readable = [name for name, node in found.items() if node.source or node.bytecode]
    yield from readable or found
