"""``pylock.toml`` (PEP 751, packaging.python.org/specifications/pylock-toml)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.pylock import (
    Package,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockUnsupportedVersionError,
    PylockValidationError,
    is_valid_pylock_path,
)

from pypkg.environment.locks.lock import Lock, LockedPackage, Source
from pypkg_core.errors import UsageError
from pypkg_core.hashing import is_sha256

__all__ = ["is_pylock", "parse_pylock"]


def is_pylock(path: Path) -> bool:
    """Return whether a file has the name of such a lock: ``pylock.toml`` or ``pylock.NAME.toml``."""
    return is_valid_pylock_path(path)


def parse_pylock(path: Path, document: Mapping[str, Any]) -> Lock:
    """Return the lock that a parsed file holds.

    Args:
        path: the file, for messages and relative paths.
        document: its contents.

    Raises:
        UsageError: its version is not 1.x, or a key is missing, of another type or not valid.
    """
    try:
        lock = Pylock.from_dict(document)
    except PylockUnsupportedVersionError as error:
        got = document["lock-version"]
        raise UsageError(
            f"Cannot read {path.name}: lock-version: expected 1.x, got {got!r}", context={"file": path}
        ) from error
    except PylockValidationError as error:
        raise UsageError(
            f"Cannot read {path.name}: {error.context or 'the document'}: {error.message}", context={"file": path}
        ) from error
    packages: dict[str, tuple[LockedPackage, ...]] = {}
    for index, package in enumerate(lock.packages):
        if package.directory is None or not _is_own(path, package.directory.path):
            entry = _entry(path, f"packages[{index}]", package)
            packages[entry.name] = (*packages.get(entry.name, ()), entry)
    return Lock(
        origin=path,
        packages=packages,
        requires_python=str(lock.requires_python or ""),
        environments=tuple(map(str, lock.environments or ())),
        groups=frozenset(lock.default_groups or ()),
    )


def _is_own(path: Path, directory: str) -> bool:
    return (path.parent / directory).resolve() == path.parent.resolve()


def _entry(path: Path, key: str, package: Package) -> LockedPackage:
    source, url = _source(path, package)
    if source == "index" and package.version is None:
        raise UsageError(f"Cannot read {path.name}: {key}.version: is missing", context={"file": path})
    return LockedPackage(
        name=package.name,
        version=str(package.version or ""),
        hashes=frozenset(_hashes(path, key, package)),
        marker=str(package.marker) if package.marker is not None else None,
        source=source,
        url=url,
    )


def _source(path: Path, package: Package) -> tuple[Source, str | None]:
    if package.vcs is not None:
        return "vcs", f"{package.vcs.type}+{package.vcs.url or package.vcs.path}@{package.vcs.commit_id}"
    if package.directory is not None:
        return "path", str(path.parent / package.directory.path)
    if package.archive is not None:
        if package.archive.url is not None:
            return "url", package.archive.url
        return "path", str(path.parent / (package.archive.path or ""))
    files = list(_files(package))
    if package.index is None and all(file.url is None for file in files):
        return "path", str(path.parent / (files[0].path or ""))
    return "index", package.index


def _files(package: Package) -> Iterable[PackageSdist | PackageWheel]:
    return [*([package.sdist] if package.sdist else []), *(package.wheels or ())]


def _hashes(path: Path, key: str, package: Package) -> Iterator[str]:
    hashed = [*_files(package), *([package.archive] if package.archive else [])]
    for file in hashed:
        text = file.hashes.get("sha256")
        if text is None:
            continue
        if not is_sha256(text.lower()):
            raise UsageError(
                f"Cannot read {path.name}: {key}: hashes.sha256: expected 64 hexadecimal digits, got {text!r}",
                context={"file": path},
            )
        yield text.lower()
