"""Getting a base: from the cache, the release or the forge; what comes from outside is verified first."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pypkg_core.atomic import atomic_write
from pypkg_core.bases.published import PublishedBase, find_published
from pypkg_core.bases.record import file_sha256, sha256_path
from pypkg_core.binaries import read_image
from pypkg_core.cache import CACHE_TAG, base_dir, base_name, locked
from pypkg_core.errors import PypkgError
from pypkg_core.image.reader import Image
from pypkg_core.progress import Reporter
from pypkg_core.targets.catalogue import Target, catalogue

__all__ = ["DEFAULT_BASE_URL", "Base", "Forge", "find_base", "need_base"]

Forge = Callable[[Target, Reporter], Path]

DEFAULT_BASE_URL: Final = "https://github.com/pypkg/pypkg/releases/download"


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A base in the cache: ``version`` is exact ("3.13.5"), ``image`` its standard library."""

    path: Path
    version: str
    target: Target
    origin: Literal["fetched", "built"]
    image: Image


def need_base(target: Target, *, build: bool, reporter: Reporter, forge: Forge) -> Base:
    """Return a base for ``target``: a valid fetched one, a built one, a downloaded one, or one forged now.

    Args:
        build: forge it unless it was forged before; nothing is downloaded.
        reporter: gets each step in one line, and progress.
        forge: makes a base where there is none, and returns where it lies in the cache.

    Raises:
        PypkgError: a download has the wrong hash, a base is none, or forging failed.
    """
    found = _find_built(target) if build else find_base(target, download=True, reporter=reporter)
    return found or _open(forge(target, reporter), target, "built")


def find_base(target: Target, *, download: bool, reporter: Reporter) -> Base | None:
    """Return a base for ``target`` without forging one: a valid fetched one, a built one, or a downloaded one.

    Args:
        download: whether to look for it in the release as well as in the cache.
        reporter: gets each step in one line, and progress.

    Raises:
        PypkgError: a download has the wrong hash, or a file in the cache is not a base for ``target``.
    """
    published = find_published(target)
    if published is not None and (path := _find_fetched(published, reporter)) is not None:
        return _open(path, target, "fetched")
    if (found := _find_built(target)) is not None or not download:
        return found
    if published is None:
        reporter.say(f"No base is published for {target.name}")
        return None
    path = _fetch(published, reporter)
    return _open(path, target, "fetched") if path is not None else None


def _open(path: Path, target: Target, origin: Literal["fetched", "built"]) -> Base:
    """Read a base's image. Built bases are not hashed: that is the hook for people who change one."""
    try:
        image = read_image(path)
    except PypkgError as error:
        hint = f"Delete it and run again, or forge it anew: pypkg-forge build --force {target.name}"
        raise PypkgError(f"Cannot use the base {path}: {error.message}", hint=hint) from error
    if image.is_application:
        raise PypkgError(f"Cannot use {path} as a base: it is a packaged executable", hint="Delete it and run again")
    found = image.manifest.get("target")
    if found != target.name:
        raise PypkgError(f"Cannot use the base {path}: it is for {found}, wanted {target.name}")
    version = image.manifest.get("python")
    if not isinstance(version, str):
        raise PypkgError(f"Cannot use the base {path}: its image does not name its Python release")
    return Base(path=path, version=version, target=target, origin=origin, image=image)


def _find_fetched(published: PublishedBase, reporter: Reporter) -> Path | None:
    """Return the cached download if it is what was published; otherwise nothing of it stays."""
    path = _fetched_path(published)
    if not path.is_file():
        return None
    try:
        if path.stat().st_size == published.size and file_sha256(path) == published.sha256:
            return path
        path.unlink(missing_ok=True)
    except OSError as error:
        raise PypkgError(f"Cannot check the base {path}: {error.strerror}") from error
    reporter.say(f"Binary hash does NOT match for {path.name} in the cache; it was deleted")
    return None


def _find_built(target: Target) -> Base | None:
    for version in catalogue().versions[target.version].pins:
        path = base_dir() / base_name("built", version, target.platform, target.arch)
        if path.is_file():
            return _open(path, target, "built")
    return None


def _fetch(published: PublishedBase, reporter: Reporter) -> Path | None:
    """Download a base, ``None`` if the release cannot be reached or does not have it.

    Raises:
        PypkgError: the download is not what was published.
    """
    # Imported only here: an HTTP library takes a tenth of the time that packaging hello takes.
    from pypkg_core.http import UnavailableError, download  # noqa: PLC0415

    path = _fetched_path(published)
    root = os.environ.get("PYPKG_BASE_URL") or DEFAULT_BASE_URL
    url = f"{root.rstrip('/')}/{CACHE_TAG}/{published.asset}"
    with locked(path):
        if (present := _find_fetched(published, reporter)) is not None:
            return present
        try:
            with reporter.stage(f"Fetching {url}") as stage, atomic_write(path, 0o755) as file:
                sha256 = download(url, file, limit=published.size, progress=stage)
                if sha256 != published.sha256:
                    raise PypkgError(
                        f"Binary hash does NOT match for {url}",
                        hint="The download is damaged or not from the release; it was deleted",
                        context={"wanted": published.sha256, "got": sha256},
                    )
        except UnavailableError as error:
            reporter.say(f"Not found in remote cache: {error}")
            return None
        with atomic_write(sha256_path(path)) as file:
            file.write(f"{sha256}  {path.name}\n".encode())
    return path


def _fetched_path(published: PublishedBase) -> Path:
    return base_dir() / base_name("fetched", published.version, published.platform, published.arch)
