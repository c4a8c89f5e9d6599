"""The cache: one root directory, one function for each directory and file in it, and locks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from pypkg_core.errors import PypkgError

__all__ = [
    "CACHE_TAG",
    "base_dir",
    "base_name",
    "cache_root",
    "compile_dir",
    "environments_dir",
    "forge_dir",
    "locked",
    "logs_dir",
    "resolved_file",
    "sources_dir",
    "wheels_dir",
]

CACHE_TAG: Final = "v0.1"
_LOCK_POLL_SECONDS: Final = 1.0


def cache_root() -> Path:
    """Return ``$PYPKG_CACHE_PATH``, or ``~/.pypkg-cache``; it need not exist."""
    chosen = os.environ.get("PYPKG_CACHE_PATH")
    return Path(chosen).expanduser().absolute() if chosen else Path.home() / ".pypkg-cache"


def base_dir() -> Path:
    """Return the directory of bases: ``<root>/v0.1``, or the root itself if ``PYPKG_IGNORE_TAG`` is set."""
    root = cache_root()
    return root if os.environ.get("PYPKG_IGNORE_TAG") else root / CACHE_TAG


def sources_dir() -> Path:
    """Return the directory of verified source archives."""
    return cache_root() / "sources"


def forge_dir() -> Path:
    """Return the directory of the forge's build trees; it may be deleted at any time between builds."""
    return cache_root() / "forge"


def logs_dir() -> Path:
    """Return the directory of build logs."""
    return cache_root() / "logs"


def wheels_dir() -> Path:
    """Return the directory of unpacked wheels for other targets."""
    return cache_root() / "wheels"


def compile_dir() -> Path:
    """Return the directory of compiled modules."""
    return cache_root() / "compile"


def environments_dir() -> Path:
    """Return the directory of environments that were made for scripts and requirements."""
    return cache_root() / "environments"


def resolved_file() -> Path:
    """Return the file that names the releases that the last build of a base used."""
    return cache_root() / "resolved.json"


def base_name(origin: str, release: str, platform: str, arch: str) -> str:
    """Return the file name of a base, ``built-3.13.5-linux-x64``; ``origin`` is "built" or "fetched"."""
    return f"{origin}-{release}-{platform}-{arch}"


@contextlib.contextmanager
def locked(path: Path, *, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock file ``<path>.lock`` while the block runs; a concurrent run waits.

    Args:
        path: the file or directory that the block writes; its parent directory is created.
        waiting: gets one line if another run holds the lock; the wait takes as long as that run.

    Raises:
        PypkgError: the directory cannot be written.
    """
    lock = FileLock(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waiting is not None:
                waiting(f"Waiting for another run that holds {path}.lock")
            lock.acquire(poll_interval=_LOCK_POLL_SECONDS)
    except OSError as error:
        raise PypkgError(
            f"Cannot lock {path}: {error.strerror or error}",
            hint="Set PYPKG_CACHE_PATH to a writable directory",
        ) from error
    try:
        yield
    finally:
        lock.release()
