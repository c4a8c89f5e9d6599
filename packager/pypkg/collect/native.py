"""Shared libraries and programs: what is extracted together, and which C library they need."""

from __future__ import annotations

from collections.abc import Collection

from pypkg.collect.draft import Draft
from pypkg.environment.fit import highest_glibc
from pypkg.items import Bundle
from pypkg_core.targets.catalogue import Target

__all__ = ["add_glibc_notices", "make_bundles"]


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


def add_glibc_notices(draft: Draft, target: Target) -> None:
    """Add notices about distributions that need a newer glibc than the base does."""
    if target.platform != "linux":
        return
    for name, paths in sorted(draft.native.items()):
        files = [draft.files[path] for path in set(paths) if path in draft.files]  # the others are links
        sources = [file.source for file in files if file.source is not None]
        newest = max((found for source in sources if (found := highest_glibc(source))), default=None)
        if newest is not None:
            needed = ".".join(map(str, newest))
            draft.diagnostics.notice(f"{name}: its native code needs glibc {needed} or newer at run time")
