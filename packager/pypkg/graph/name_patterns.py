"""Patterns of module names, as ``hidden-imports`` takes them: ``plugins.*``, ``apps.*.models``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pypkg.graph.resolver import STDLIB, Node, Resolver
from pypkg_core.image.layout import ModuleKind
from pypkg_core.patterns import has_wildcard

__all__ = ["matching_modules"]


def matching_modules(pattern: str, resolver: Resolver) -> list[str]:
    """Return the modules that a pattern names, sorted.

    Args:
        pattern: a dotted name, in which ``*``, ``?`` and ``[...]`` stand for characters of one part. If the last part
            has one, it stands for what is in the modules that it matches, too. A name without them is returned as it
            is, whether there is such a module or not.
        resolver: finds the modules.
    """
    if not has_wildcard(pattern):
        return [pattern]
    parts = pattern.split(".")
    plain = next(number for number, part in enumerate(parts) if has_wildcard(part))
    package = ".".join(parts[:plain])
    if resolver.find(package) == STDLIB:
        return [package]  # the base has all of it
    return sorted(_matching(parts[plain:], package, resolver))


def _matching(parts: list[str], package: str, resolver: Resolver) -> Iterator[str]:
    """Yield the modules below a package whose names match; the last part of a pattern has no parts behind it."""
    for name in resolver.children(package):
        if not fnmatchcase(name.rpartition(".")[2], parts[0]):
            continue
        if len(parts) > 1:
            yield from _matching(parts[1:], name, resolver)
        elif has_wildcard(parts[0]):
            yield from _tree(name, resolver, _directories_above(name, resolver))
        elif _is_file(name, resolver):
            yield name


def _tree(name: str, resolver: Resolver, above: frozenset[str]) -> Iterator[str]:
    """Yield a module and all that are in it; ``above`` has the real directories of the packages that it is in."""
    real = _directories(name, resolver)
    if not real.isdisjoint(above):  # a link to a directory above would have no end
        return
    if _is_file(name, resolver):
        yield name
    for child in resolver.children(name):
        yield from _tree(child, resolver, above | real)


def _directories_above(name: str, resolver: Resolver) -> frozenset[str]:
    parts = name.split(".")
    packages = (".".join(parts[:number]) for number in range(1, len(parts)))
    return frozenset().union(*(_directories(package, resolver) for package in packages))


def _directories(name: str, resolver: Resolver) -> frozenset[str]:
    """Return the real directories of a package; none of a module."""
    found = resolver.find(name)
    portions = found.portions if isinstance(found, Node) else []
    return frozenset(os.path.realpath(root.directory / folder) for root, folder in portions)


def _is_file(name: str, resolver: Resolver) -> bool:
    """Whether a module is more than a directory, which may hold data only."""
    found = resolver.find(name)
    return isinstance(found, Node) and found.kind is not ModuleKind.NAMESPACE
