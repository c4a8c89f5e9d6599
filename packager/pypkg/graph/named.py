"""Modules that are named by texts and files: found on disk, never imported."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pypkg.compile.findings import AssetRef, Findings
from pypkg.graph.resolver import Node, Resolver
from pypkg_core.names import module_name
from pypkg_core.patterns import Patterns, has_wildcard

__all__ = ["listed_modules", "module_of_file", "named_modules", "referred_paths"]


def named_modules(node: Node, findings: Findings, resolver: Resolver) -> Iterator[Node]:
    """Yield the modules that texts of a module name: of the project, or of its own package."""
    for text in findings.names:
        found = _named(text, resolver)
        if found is not None:
            yield found
    for text in findings.local_names:
        package = node.package
        for _ in range(len(text) - len(text.lstrip(".")) - 1):
            package = package.rpartition(".")[0]
        name = text.lstrip(".")
        local = resolver.find(f"{package}.{name}") if package else None
        if isinstance(local, Node):
            yield local
        elif node.root.project and "." not in text:
            other = resolver.find(name)
            if isinstance(other, Node) and other.root.project:
                yield other


def _named(text: str, resolver: Resolver) -> Node | None:
    """Return the module of the project that a text names, or the one that holds what it names."""
    name, colon, attribute = text.partition(":")
    top = resolver.find(name.partition(".")[0])
    if not isinstance(top, Node) or not top.root.project:
        return None
    found = resolver.find(name)
    if isinstance(found, Node):
        return found if found.root.project else None
    while not colon and "." in name:  # shop.middleware.Timing
        name, _, attribute = name.rpartition(".")
        found = resolver.find(name)
        if isinstance(found, Node):
            return found if found.root.project and found.source and _defines(found, attribute) else None
    return None


def _defines(node: Node, attribute: str) -> bool:
    """Whether a module's text defines a name, so that ``logo.png`` does not count as a name in ``logo.py``."""
    try:
        text = node.file.read_bytes()
    except OSError:
        return False
    word = re.escape(attribute.encode())
    definition = rb"^(?:(?:async\s+def|def|class)\s+%b\b|%b\s*[:=]|(?:from|import)\s.*\b%b\b)" % (word, word, word)
    return re.search(definition, text, re.MULTILINE) is not None


def listed_modules(node: Node, findings: Findings, resolver: Resolver) -> Iterator[Node]:
    """Yield the modules of the project that are files which a module of it refers to by their paths."""
    for asset in findings.assets:
        for path in referred_paths(node, asset):
            for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                found = module_of_file(file, resolver)
                if found is not None:
                    yield found


def module_of_file(file: Path, resolver: Resolver) -> Node | None:
    """Return the module of the project that is a file, ``None`` if no import leads to it."""
    for root in resolver.project:
        if file.suffix == ".py" and file.is_relative_to(root.directory):
            name = module_name(file.relative_to(root.directory).as_posix())
            found = resolver.find(name) if name else None
            if isinstance(found, Node) and found.file == file:
                return found
    return None


def referred_paths(node: Node, asset: AssetRef) -> list[Path]:
    """Return the files and directories that a reference leads to; one without wildcards need not exist."""
    directory = node.file
    for _ in range(asset.parents):
        directory = directory.parent
    parts = asset.parts
    plain = next((number for number, part in enumerate(parts) if has_wildcard(part)), len(parts))
    directory = Path(os.path.normpath(directory.joinpath(*parts[:plain])))
    if plain == len(parts) or os.path.lexists(directory / "/".join(parts[plain:])):
        return [Path(os.path.normpath(directory.joinpath(*parts[plain:])))]
    return list(Patterns.of(["/".join(parts[plain:])]).expand(directory).files)
