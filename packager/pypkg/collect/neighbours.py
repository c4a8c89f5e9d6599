"""Libraries that the project's own need, and that lie beside them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from pypkg.collect.draft import Draft
from pypkg.collect.native import needed_paths
from pypkg.environment.fit import fits, inspected
from pypkg_core.targets.catalogue import Target

__all__ = ["add_neighbours"]


def add_neighbours(draft: Draft, target: Target) -> None:
    """Add what the project's libraries and programs need, where they would find it: in ``$ORIGIN``, or beside them.

    That of distributions comes with them. What is missing is looked for on the machine that the program runs on.

    Args:
        draft: holds all else that is packaged.
        target: what loads the libraries.
    """
    native = {path for paths in draft.native.values() for path in paths}
    pending = [path for path in sorted(native) if path in draft.files and not draft.files[path].owner]
    while pending:
        path = pending.pop()
        source = draft.files[path].source
        for other, file in _places(path, source) if source is not None else ():
            if other in draft.files or other in draft.links or other.startswith("../"):
                continue
            if not file.is_file() or not fits(file, target):
                continue
            draft.add_library(file, other, "")
            draft.diagnostics.detail(f"packaged, because {path} needs it", file=other)
            pending.append(other)


def _places(path: str, source: Path) -> Iterator[tuple[str, Path]]:
    """Yield where each needed library may be: its path below ``/snapshot``, and here."""
    real = source.resolve()
    yield from zip(needed_paths(path, source), map(Path, needed_paths(real.as_posix(), source)), strict=True)
    folder = posixpath.dirname(path)
    for binary in inspected(source):
        for name in binary.needed:
            if "/" not in name:
                yield f"{folder}/{name}", real.parent / name
