"""Shared libraries and programs: what is extracted together, and which C library or system they need."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from pypkg.collect.draft import Draft
from pypkg.environment.fit import inspected, is_library, newer_minimum, packed_minimum
from pypkg.items import Bundle
from pypkg_core.binaries.binary import Minimum
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target

__all__ = ["check_minima", "make_bundles", "minimum_notice", "needed_paths", "newer_minima"]

# How a library names its own directory: ld.so(8), dyld(1).
_ORIGINS: Final = ("$ORIGIN", "${ORIGIN}", "@loader_path")


def make_bundles(draft: Draft, sources: Collection[str]) -> list[Bundle]:
    """Return the libraries and programs that are extracted together: those of one owner.

    Owners whose libraries look for each other's at a relative place (``$ORIGIN/../other.libs``, or in a directory that
    both install to) have one bundle, because each bundle has a directory of its own. No file is in two bundles.

    A program finds what lies in and below its folder, as far as the same owner has put it there.

    Args:
        sources: paths of module sources, which are never extracted.
    """
    owners: dict[str, str] = {}
    for name, paths in sorted(draft.native.items()):
        for path in paths:
            if path not in sources:
                owners.setdefault(path, name)
    owners |= {path: name for path, name in _beside_programs(draft, owners) if path not in sources}
    joined = _joined_owners(draft, owners)
    members: dict[str, list[str]] = {}
    for path, name in sorted(owners.items()):
        members.setdefault(joined.get(name, name), []).append(path)
    return [Bundle(name=name, paths=paths) for name, paths in sorted(members.items())]


def _beside_programs(draft: Draft, owners: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the path and the bundle of each file in and below the folder of a program that is not native itself."""
    folders: dict[str, dict[str, str]] = {}  # owner -> folder -> bundle
    for path, name in owners.items():
        if path in draft.files and not is_library(path):
            folders.setdefault(draft.files[path].owner, {})[path.rpartition("/")[0]] = name
    for path, file in draft.files.items():
        if path not in owners:
            beside = (name for folder, name in folders.get(file.owner, {}).items() if path.startswith(f"{folder}/"))
            yield from ((path, name) for name in islice(beside, 1))


def _joined_owners(draft: Draft, owners: Mapping[str, str]) -> dict[str, str]:
    """Return the name of the common bundle of each owner that shares one."""
    groups: dict[str, set[str]] = {}
    for path, name in owners.items():
        file = draft.files.get(path)
        source = file.source if file is not None else None
        for other in needed_paths(path, source) if source is not None else ():
            if owners.get(other, name) != name:
                group = groups.get(name, {name}) | groups.get(owners[other], {owners[other]})
                groups.update(dict.fromkeys(group, group))
    return {name: "+".join(sorted(group)) for name, group in groups.items()}


def needed_paths(path: str, source: Path) -> Iterator[str]:
    """Yield the paths that a library's needed ones would have, relative to its own place.

    Args:
        path: of the library, here or in the executable.
        source: its file here.
    """
    folder = path.rpartition("/")[0]
    for binary in inspected(source):
        for run_path in binary.run_paths:
            origin = next((word for word in _ORIGINS if run_path.startswith(word)), None)
            if origin is not None:
                place = posixpath.normpath(f"{folder}/{run_path.removeprefix(origin)}")
                yield from (f"{place}/{name.rpartition('/')[2]}" for name in binary.needed)


def newer_minima(draft: Draft, target: Target) -> dict[str, Minimum]:
    """Return which C library or system the native code of each owner needs, if it is newer than the base's."""
    minima = {}
    for name, paths in sorted(draft.native.items()):
        files = [draft.files[path] for path in set(paths) if path in draft.files]  # the others are links
        sources = [file.source for file in files if file.source is not None]
        asked = [function(source, target) for source in sources for function in (newer_minimum, packed_minimum)]
        found = [minimum for minimum in asked if minimum is not None]
        if found:
            minima[name] = max(found, key=lambda minimum: minimum.version)
    return minima


def minimum_notice(minima: Mapping[str, Minimum]) -> str:
    """Return the line that tells what the executable needs at run time."""
    newest = max(minima.values(), key=lambda minimum: minimum.version)
    names = ", ".join(f"{name} ({_with_reason(minimum)})" for name, minimum in sorted(minima.items()))
    return f"The executable needs {newest} or newer at run time, because of {names}"


def _with_reason(minimum: Minimum) -> str:
    return f"{minimum} for its {minimum.reason}" if minimum.reason else str(minimum)


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
            context={name: f"needs {_with_reason(minimum)}" for name, minimum in sorted(newer.items())},
        )
