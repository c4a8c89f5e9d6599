"""Environments that are made for a script or a requirement, and kept in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypkg.environment.installing import install
from pypkg.environment.interpreter import Environment
from pypkg.environment.locks.lock import Lock
from pypkg.environment.requirements import single_requirement
from pypkg_core.atomic import atomic_write
from pypkg_core.cache import locked
from pypkg_core.errors import PypkgError
from pypkg_core.progress import Reporter

__all__ = ["make_environment", "read_environment"]

_FORMAT: Final = 1  # of the directory; another number makes every environment again
_COMPLETE: Final = "complete.json"
# What pip and uv take from the environment that changes what they choose.
_VARIABLES: Final = (
    *("PIP_CONSTRAINT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_PRE"),
    *("UV_CONSTRAINT", "UV_DEFAULT_INDEX", "UV_EXCLUDE_NEWER", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX"),
    *("UV_INDEX_URL", "UV_NO_INDEX", "UV_OVERRIDE", "UV_PRERELEASE", "UV_RESOLUTION"),
)


def make_environment(
    requirements: Sequence[str],
    *,
    series: str,
    pythons: Iterable[Path],
    index_options: Sequence[str],
    lock: Lock | None,
    cache: Path,
    progress: Reporter,
) -> Path:
    """Return an environment of this machine in which requirements are installed; `read_environment` tells of it.

    One that was made before is reused, without a process and without the network.

    Args:
        requirements: specifiers (packaging.python.org/specifications/dependency-specifiers).
        series: of the Python, "3.13".
        pythons: interpreters, best first, of which the first of that series serves; a base of pypkg's is one.
        index_options: for pip or uv (``--index-url``, ``--find-links``, ...), each word an item.
        lock: whose versions and hashes are obeyed.
        cache: the directory of made environments.
        progress: gets a stage while it is made.

    Raises:
        UsageError: a requirement is not valid.
        PypkgError: there is no interpreter of the series; a requirement is not in the lock; uv or pip failed. Nothing
            of the environment is left then.
    """
    wanted = [single_requirement(text) for text in requirements]
    final = cache / _key(wanted, series, index_options, lock)
    if _is_complete(final):
        return final
    with locked(final, waiting=progress.say):
        if _is_complete(final):
            return final
        _remove(final)  # of a run that was killed
        names = ", ".join(sorted({item.name for item in wanted})) or "nothing"
        try:
            with progress.stage(f"Installing {names} for Python {series}"):
                made = install(wanted, final, series=series, pythons=pythons, index_options=index_options, lock=lock)
                _write(final, made)
        except BaseException:
            _remove(final)
            raise
    return final


def read_environment(directory: Path) -> Environment:
    """Return the interpreter of a made environment and the directories it imports from; no process is started.

    Raises:
        PypkgError: it is not complete.
    """
    try:
        facts = json.loads((directory / _COMPLETE).read_text(encoding="utf-8"))
        major, minor, micro = facts["version"]
        paths = tuple(directory / name for name in facts["paths"])
        return Environment(python=Path(facts["python"]), version=(major, minor, micro), paths=paths, prefix=directory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PypkgError(f"Cannot use the environment {directory}: it is not complete", hint="Delete it") from error


def _write(directory: Path, made: Environment) -> None:
    facts = {
        "python": str(made.python),
        "version": made.version,
        "paths": [path.relative_to(directory).as_posix() for path in made.paths],
    }
    with atomic_write(directory / _COMPLETE) as file:
        file.write(json.dumps(facts).encode())


def _is_complete(directory: Path) -> bool:
    try:
        made = read_environment(directory)
    except PypkgError:
        return False
    return os.access(made.python, os.X_OK)  # the interpreter that it was made of may have been removed


def _remove(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        raise PypkgError(f"Cannot remove {directory}: {error.strerror or error}") from error


def _key(wanted: Sequence[Requirement], series: str, index_options: Sequence[str], lock: Lock | None) -> str:
    """Return the name of the directory: a hash of everything that decides what is in it."""
    facts = {
        "format": _FORMAT,
        "requirements": sorted({_normalised(item) for item in wanted}),
        "series": series,
        "platform": sysconfig.get_platform(),
        "index": list(index_options),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "lock": None if lock is None else _contents(lock),
    }
    text = json.dumps(facts, sort_keys=True)
    return f"py{series.replace('.', '')}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _normalised(item: Requirement) -> str:
    extras = ",".join(sorted(map(canonicalize_name, item.extras)))
    origin = f" @ {item.url}" if item.url else ""
    return f"{canonicalize_name(item.name)}[{extras}]{item.specifier}{origin}; {item.marker or ''}"


def _contents(lock: Lock) -> list[object]:
    entries = [
        [
            entry.name,
            entry.version,
            sorted(entry.hashes),
            entry.marker,
            entry.source,
            entry.url,
            repr(entry.dependencies),
        ]
        for _, versions in sorted(lock.packages.items())
        for entry in versions
    ]
    return [entries, lock.requires_python, lock.environments, sorted(lock.groups), lock.complete]
