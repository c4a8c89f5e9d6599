"""A base in the cache, its side files, and the check of its contents.

Beside a base are ``<name>.sha256``, its hash as ``sha256sum`` writes it, and, if it was built here, its manifest
``<name>.json``. The hash is written last, so a base without it is an interrupted build and counts as absent.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pypkg_core.atomic import atomic_write
from pypkg_core.binaries import read_image
from pypkg_core.cache import base_dir, base_name
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256
from pypkg_core.image.other_format import OtherFormatError
from pypkg_core.image.reader import Image
from pypkg_core.targets.catalogue import Target, catalogue

__all__ = [
    "Base",
    "Origin",
    "find_built",
    "find_cached",
    "manifest_path",
    "read_manifest",
    "sha256_path",
    "write_sha256",
]

Origin = Literal["fetched", "built"]


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base in the cache.

    Attributes:
        version: the exact Python release ("3.13.5").
        sha256: the hash that it had when it came into the cache.
    """

    path: Path
    version: str
    target: Target
    origin: Origin
    sha256: str

    @functools.cached_property
    def image(self) -> Image:
        """The image with the standard library.

        Raises:
            PypkgError: the file is damaged, not a base, or a base of another target, Python or image format
                (`OtherFormatError`).
        """
        try:
            image = _image(self.path, _state(self.path))
        except OtherFormatError as error:
            raise error.of_base(self.path, self.target.name) from error
        except PypkgError as error:
            raise PypkgError(f"Cannot use the base {self.path}: {error.message}", hint=self._repair) from error
        if image.is_application:
            raise PypkgError(f"Cannot use the base {self.path}: it is a packaged executable", hint=self._repair)
        for key, expected in (("target", self.target.name), ("python", self.version)):
            found = image.manifest.get(key)
            if found != expected:
                message = f"Cannot use the base {self.path}: expected {key} {expected} in its manifest, got {found}"
                raise PypkgError(message, hint=self._repair)
        return image

    def is_intact(self) -> bool:
        """Return whether the file still has its hash.

        A fetched base is always read: it came from outside, and only its hash vouches for it. A built base is read only
        if it may have changed since its side file was written, that is, unless the side file is newer than the last
        change of the base (contents, name or permissions). After a base was read and found intact, the side file gets
        the present time.

        Raises:
            PypkgError: the file cannot be read.
        """
        side = sha256_path(self.path)
        try:
            changed = max(self.path.stat().st_mtime_ns, self.path.stat().st_ctime_ns)
            recorded = _read_sha256(self.path) == self.sha256
            # Not <=: a change within the same tick of the clock must not pass.
            if self.origin == "built" and recorded and changed < side.stat().st_mtime_ns:
                return True
            if file_sha256(self.path) != self.sha256:
                return False
        except OSError as error:
            raise PypkgError(f"Cannot read the base {self.path}: {error.strerror}") from error
        with contextlib.suppress(OSError, PypkgError):  # a cache that cannot be written
            if recorded:
                os.utime(side)
            else:
                write_sha256(self.path, self.sha256)
        return True

    @property
    def _repair(self) -> str:
        verb = "fetch" if self.origin == "fetched" else "build --force"
        return f"Delete it, or replace it: pypkg-forge {verb} {self.target.name}"


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes with a file, nothing if it cannot be asked."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@functools.lru_cache(maxsize=16)
def _image(path: Path, state: tuple[int, ...]) -> Image:  # noqa: ARG001 (tells an older file from a newer one)
    """Return the image in a file; a run for several targets needs that of this machine for each of them."""
    return read_image(path)


def sha256_path(base: Path) -> Path:
    """Return the path of a base's side file with the hash."""
    return base.with_name(base.name + ".sha256")


def write_sha256(base: Path, sha256: str) -> None:
    """Write a base's hash: from now on the base counts as complete.

    Raises:
        PypkgError: the side file cannot be written.
    """
    with atomic_write(sha256_path(base)) as out:
        out.write(f"{sha256}  {base.name}\n".encode())


def manifest_path(base: Path) -> Path:
    """Return the path of a base's manifest: what it was built from."""
    return base.with_name(base.name + ".json")


def read_manifest(base: Path) -> dict[str, object] | None:
    """Return what ``base`` was built from, or ``None`` if its manifest is missing or damaged."""
    try:
        found = json.loads(manifest_path(base).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _read_sha256(base: Path) -> str | None:
    try:
        words = sha256_path(base).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PypkgError(f"Cannot read {sha256_path(base)}: {error}") from error
    return words[0] if words else None


def find_built(target: Target) -> Base | None:
    """Return the newest complete base that was built for ``target``; see `find_cached`."""
    return find_cached(target, "built")


def find_cached(target: Target, origin: Origin) -> Base | None:
    """Return the newest complete base of an origin for ``target``, or ``None``; its contents are not read.

    Raises:
        PypkgError: the side file with its hash cannot be read.
    """
    for version in catalogue().versions[target.version].pins:
        path = base_dir() / base_name(origin, version, target.platform, target.arch)
        sha256 = _read_sha256(path) if path.is_file() else None
        if sha256 is not None:
            return Base(path=path, version=version, target=target, origin=origin, sha256=sha256)
    return None
