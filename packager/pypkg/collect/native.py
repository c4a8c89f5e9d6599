"""Shared libraries and programs: what is extracted together, and which C library or system they need."""

from __future__ import annotations

from collections.abc import Collection

from pypkg.collect.draft import Draft
from pypkg.environment.fit import newer_minimum
from pypkg.items import Bundle
from pypkg_core.targets.catalogue import Target

__all__ = ["add_minimum_notices", "make_bundles"]


def make_bundles(draft: Draft, sources: Collection[str]) -> list[Bundle]:
    """Return the libraries and programs of each owner; no file is in two bundles.

    Args:
        sources: paths of module sources, which are never extracted.
    """
    seen: set[str] = set(sources)
    bundles = []
    for name, paths in sorted(draft.native.items()):
        members = sorted({path for path in paths if path not in seen})
        seen.update(members)
        if members:
            bundles.append(Bundle(name=name, paths=members))
    return bundles


def add_minimum_notices(draft: Draft, target: Target) -> None:
    """Add notices about distributions that need a newer C library or system than the base does."""
    for name, paths in sorted(draft.native.items()):
        files = [draft.files[path] for path in set(paths) if path in draft.files]  # the others are links
        sources = [file.source for file in files if file.source is not None]
        newest = max(
            (found for source in sources if (found := newer_minimum(source, target))),
            key=lambda found: found.version,
            default=None,
        )
        if newest is not None:
            draft.diagnostics.notice(f"{name}: its native code needs {newest} or newer at run time")
