"""Shared libraries and programs: what is extracted together, and which C library or system they need."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pypkg.collect.draft import Draft
from pypkg.environment.fit import newer_minimum
from pypkg.items import Bundle
from pypkg_core.binaries.binary import Minimum
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target

__all__ = ["check_minima", "make_bundles", "minimum_notice", "newer_minima"]


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


def newer_minima(draft: Draft, target: Target) -> dict[str, Minimum]:
    """Return which C library or system the native code of each owner needs, if it is newer than the base's."""
    minima = {}
    for name, paths in sorted(draft.native.items()):
        files = [draft.files[path] for path in set(paths) if path in draft.files]  # the others are links
        sources = [file.source for file in files if file.source is not None]
        found = [minimum for source in sources if (minimum := newer_minimum(source, target)) is not None]
        if found:
            minima[name] = max(found, key=lambda minimum: minimum.version)
    return minima


def minimum_notice(minima: Mapping[str, Minimum]) -> str:
    """Return the line that tells what the executable needs at run time."""
    newest = max(minima.values(), key=lambda minimum: minimum.version)
    names = ", ".join(f"{name} ({minimum})" for name, minimum in sorted(minima.items()))
    return f"The executable needs {newest} or newer at run time, because of {names}"


def check_minima(minima: Mapping[str, Minimum], newest: tuple[int, ...] | None, target: Target) -> None:
    """Check that native code needs no newer C library or system than is allowed.

    Args:
        minima: of each owner.
        newest: the newest version that is allowed, ``None`` for any.
        target: what is packaged for.

    Raises:
        PypkgError: it needs a newer one.
    """
    newer = {name: minimum for name, minimum in minima.items() if newest is not None and minimum.version > newest}
    if newest is not None and newer:
        allowed = Minimum(name=next(iter(newer.values())).name, version=newest)
        raise PypkgError(
            f"Cannot package for {target} with {allowed}: its native code needs a newer one",
            hint="Use versions of these distributions with older wheels, or allow a newer one",
            context={name: f"needs {minimum}" for name, minimum in sorted(newer.items())},
        )
