"""What the lock files have in common: locked distributions, and which of them apply to a target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypkg_core.errors import PypkgError

__all__ = ["Difference", "Edge", "Lock", "LockedPackage", "Source", "differences"]

Source = Literal["index", "url", "path", "vcs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """A dependency of a locked distribution: normalised name, chosen extras, the marker under which it holds."""

    name: str
    extras: tuple[str, ...] = ()
    marker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedPackage:
    """A distribution in a lock.

    Attributes:
        name: normalised.
        version: ``""`` if the lock states none, which only sources other than an index may do.
        hashes: SHA-256 of each file of it, lower-case hexadecimal; empty if the lock has none.
        marker: when the entry applies; ``None`` for always.
        source: where it comes from; what is not from an index must never be asked of one.
        url: of the index, archive, repository, or the path.
        dependencies: extra -> what it depends on with that extra; ``""`` without extras. ``None`` if the lock does not
            say, because it lists exactly what is installed.
    """

    name: str
    version: str
    hashes: frozenset[str] = frozenset()
    marker: str | None = None
    source: Source = "index"
    url: str | None = None
    dependencies: Mapping[str, tuple[Edge, ...]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """A lock file.

    Attributes:
        origin: the file, for messages.
        packages: normalised name -> entries, of which one or none applies to a target.
        requires_python: of the lock, a version specifier; ``""`` for any.
        environments: markers, one of which must hold; empty for any.
        groups: the dependency groups that are installed by default, for markers.
        complete: whether it has everything that is installed; else it only holds versions.
    """

    origin: Path
    packages: Mapping[str, tuple[LockedPackage, ...]]
    requires_python: str = ""
    environments: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    complete: bool = True

    def check(self, markers: Mapping[str, str]) -> None:
        """Check that the lock is for a target.

        Args:
            markers: the marker environment of the target.

        Raises:
            PypkgError: the lock was made for other Python versions or other environments.
        """
        version = markers["python_full_version"]
        if not SpecifierSet(self.requires_python).contains(version, prereleases=True):
            raise PypkgError(
                f"{self.origin} does not apply to Python {version}: requires-python is {self.requires_python}",
                hint="Choose another target with -t, or lock again for this Python",
            )
        if self.environments and not any(self._holds(marker, markers, ()) for marker in self.environments):
            raise PypkgError(
                f"{self.origin} does not apply to {markers['sys_platform']} on {markers['platform_machine']} with "
                f"Python {version}: none of its environments does",
                hint="Lock again with this environment",
                context={"environments": "; ".join(self.environments)},
            )

    def find(self, name: str, markers: Mapping[str, str], extras: Collection[str] = ()) -> LockedPackage | None:
        """Return the entry of a distribution that applies to a target, with the hashes of all its files.

        Args:
            name: in any spelling.
            markers: the marker environment of the target.
            extras: of the project, chosen by the user.

        Raises:
            PypkgError: two entries of different versions or sources apply.
        """
        entries = self.packages.get(canonicalize_name(name), ())
        found = [entry for entry in entries if entry.marker is None or self._holds(entry.marker, markers, extras)]
        if not found:
            return None
        first = found[0]
        for other in found[1:]:
            if (other.version, other.source, other.url) != (first.version, first.source, first.url):
                raise PypkgError(
                    f"{self.origin} locks '{first.name}' twice for one target: {_described(first)} and "
                    f"{_described(other)}",
                    hint="Lock again, or correct the markers of the two entries",
                )
        return replace(first, hashes=frozenset().union(*(entry.hashes for entry in found)))

    def closure(self, requirements: Iterable[Requirement], markers: Mapping[str, str]) -> list[LockedPackage]:
        """Return what requirements and their dependencies install, by name.

        Args:
            requirements: names of the lock, with extras; those whose markers do not hold are skipped.
            markers: the marker environment of the target.

        Raises:
            PypkgError: a requirement is not in the lock, or the lock has another version than it wants.
        """
        found: dict[str, LockedPackage] = {}
        waiting = [item for item in requirements if item.marker is None or self._holds(str(item.marker), markers, ())]
        for item in waiting:
            entry = self.find(item.name, markers)
            if entry is None:
                raise PypkgError(f"{item} is not in {self.origin}", hint="Lock again")
            if entry.version and not item.specifier.contains(entry.version, prereleases=True):
                raise PypkgError(
                    f"{self.origin} locks {entry.name} {entry.version}, but {item} is wanted", hint="Lock again"
                )
            found[entry.name] = entry
        if any(entry.dependencies is None for entry in found.values()):  # then the lock is what is installed
            entries = (self.find(name, markers) for name in self.packages)
            return sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.name)
        seen: set[tuple[str, str]] = set()
        edges = [Edge(name=item.name, extras=tuple(sorted(item.extras))) for item in waiting]
        while edges:
            edge = edges.pop()
            entry = found.get(edge.name) or self.find(edge.name, markers)
            if entry is None:
                raise PypkgError(
                    f"'{edge.name}' is not in {self.origin}, but another entry depends on it", hint="Lock again"
                )
            found[entry.name] = entry
            for extra in ("", *map(canonicalize_name, edge.extras)):
                if (entry.name, extra) not in seen:
                    seen.add((entry.name, extra))
                    edges += self._edges(entry, extra, markers)
        return [entry for _, entry in sorted(found.items())]

    def _edges(self, entry: LockedPackage, extra: str, markers: Mapping[str, str]) -> Iterator[Edge]:
        for edge in (entry.dependencies or {}).get(extra, ()):
            if edge.marker is None or self._holds(edge.marker, markers, ()):
                yield edge

    def _holds(self, marker: str, markers: Mapping[str, str], extras: Collection[str]) -> bool:
        more = {"extras": frozenset(extras), "dependency_groups": self.groups}
        return Marker(marker).evaluate({**markers, "extra": "", **more}, context="lock_file")


Difference = tuple[str, str, str]
"""Name, locked version, installed version."""


def differences(lock: Lock, installed: Mapping[str, str], markers: Mapping[str, str]) -> list[Difference]:
    """Return where an environment has another version than its lock, by name.

    Args:
        lock: what should be installed.
        installed: normalised name -> version.
        markers: the marker environment that the lock is read in.

    Raises:
        PypkgError: as `Lock.find`.
    """
    found = []
    for name, version in sorted(installed.items()):
        entry = lock.find(name, markers)
        if entry is not None and entry.version and version and not _same_version(entry.version, version):
            found.append((name, entry.version, version))
    return found


def _same_version(locked: str, installed: str) -> bool:
    """Compare as ``==`` does: a local label counts only if the lock has one."""
    try:
        want, have = Version(locked), Version(installed)
    except InvalidVersion:
        return locked == installed
    return want == have or (want.local is None and want == Version(have.public))


def _described(entry: LockedPackage) -> str:
    return f"{entry.version or 'no version'} from {entry.url or entry.source}"
