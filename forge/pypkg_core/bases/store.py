"""Getting a base: from the cache, from the release, or from the forge."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.bases.published import PublishedBase, find_published
from pypkg_core.bases.record import Base, find_built, sha256_path, write_sha256
from pypkg_core.cache import CACHE_TAG, base_dir, base_name, locked
from pypkg_core.errors import PypkgError, UnavailableError
from pypkg_core.hashing import file_sha256
from pypkg_core.image.other_format import OtherFormatError
from pypkg_core.progress import Reporter
from pypkg_core.targets.catalogue import Target

__all__ = ["DEFAULT_BASE_URL", "Forge", "fetch_base", "find_base", "need_base"]

Forge = Callable[[Target, Reporter], Base]

DEFAULT_BASE_URL: Final = "https://github.com/pypkg/pypkg/releases/download"


def need_base(target: Target, *, build: bool, reporter: Reporter, forge: Forge) -> Base:
    """Return a base for ``target``: a valid fetched one, a built one, a downloaded one, or one that is forged now.

    A built base that was changed is used, and reported: so people can try a base of their own.

    Args:
        build: use a built base or forge one; download nothing.
        reporter: gets each step in one line, and progress.
        forge: builds a base into the cache.

    Raises:
        PypkgError: a download has the wrong hash, a base in the cache cannot be used, or forging failed.
    """
    found = _find_built(target, reporter) if build else find_base(target, download=True, reporter=reporter)
    return _checked(found or forge(target, reporter))


def find_base(target: Target, *, download: bool, reporter: Reporter) -> Base | None:
    """Return a base for ``target`` without forging one: a valid fetched one, a built one, or a downloaded one.

    Args:
        download: whether to look for it in the release as well as in the cache.
        reporter: gets each step in one line, and progress.

    Raises:
        PypkgError: a download has the wrong hash, or a base in the cache cannot be used.
    """
    published = find_published(target)
    base = _find_fetched(published, target, reporter) if published is not None else None
    if base is None or _has_other_format(base):
        base = _find_built(target, reporter) or base
    if base is None and download:
        if published is None:
            reporter.say(f"No base is published for {target.name}")
        else:
            try:
                base = _download(published, target, reporter)
            except UnavailableError as error:
                reporter.say(f"Cannot download the published base: {error}")
    return _checked(base) if base is not None else None


def fetch_base(target: Target, reporter: Reporter) -> Base:
    """Return the published base of ``target``, from the cache or downloaded now.

    Raises:
        PypkgError: no base is published, it is unavailable, or the download has the wrong hash.
    """
    hint = f"Forge it: pypkg-forge build {target.name}"
    published = find_published(target)
    if published is None:
        raise PypkgError(f"No base is published for {target.name}", hint=hint)
    base = _find_fetched(published, target, reporter)
    if base is None:
        try:
            base = _download(published, target, reporter)
        except UnavailableError as error:
            message = f"Cannot fetch the base of {target.name}: {error}"
            raise PypkgError(message, hint=hint, context={"url": _url(published)}) from error
    return _checked(base)


def _checked(base: Base) -> Base:
    _ = base.image  # raises if it is not a base for its target
    return base


def _has_other_format(base: Base) -> bool:
    """Return whether a base's image cannot be read by this pypkg: one that was built since is better."""
    try:
        _ = base.image
    except OtherFormatError:
        return True
    return False


def _find_fetched(published: PublishedBase, target: Target, reporter: Reporter) -> Base | None:
    """Return the cached download if it is what was published; otherwise delete it."""
    base = _fetched(published, target)
    if not base.path.is_file():
        return None
    if base.is_intact():
        return base
    try:
        base.path.unlink(missing_ok=True)
        sha256_path(base.path).unlink(missing_ok=True)
    except OSError as error:
        raise PypkgError(f"Cannot delete the damaged base {base.path}: {error.strerror}") from error
    reporter.say(f"Binary hash does NOT match for {base.path.name} in the cache; it was deleted")
    return None


def _find_built(target: Target, reporter: Reporter) -> Base | None:
    base = find_built(target)
    if base is not None and not base.is_intact():
        reporter.say(f"Using {base.path} as it is: it was changed after the forge built it")
        base = dataclasses.replace(base, sha256=file_sha256(base.path))
    return base


def _download(published: PublishedBase, target: Target, reporter: Reporter) -> Base:
    """Download a base into the cache.

    Raises:
        UnavailableError: the release cannot be reached or does not have it.
        PypkgError: the download is not what was published; nothing of it stays.
    """
    # Imported only here: an HTTP library takes a tenth of the time that packaging hello takes.
    from pypkg_core.http import download  # noqa: PLC0415

    base = _fetched(published, target)
    url = _url(published)
    with locked(base.path):
        if (present := _find_fetched(published, target, reporter)) is not None:
            return present
        with reporter.stage(f"Fetching {url}") as stage, atomic_write(base.path, 0o755) as file:
            received = download(url, file, limit=published.size, progress=stage)
            if received.sha256 != published.sha256:
                raise PypkgError(
                    f"Binary hash does NOT match for {url}",
                    hint="The download is damaged or not from the release; it was deleted",
                    context={"expected": published.sha256, "got": received.sha256},
                )
        write_sha256(base.path, published.sha256)
    return base


def _fetched(published: PublishedBase, target: Target) -> Base:
    path = base_dir() / base_name("fetched", published.version, published.platform, published.arch)
    return Base(path=path, version=published.version, target=target, origin="fetched", sha256=published.sha256)


def _url(published: PublishedBase) -> str:
    root = os.environ.get("PYPKG_BASE_URL") or DEFAULT_BASE_URL
    return f"{root.rstrip('/')}/{CACHE_TAG}/{published.asset}"
