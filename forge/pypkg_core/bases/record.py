"""Bases that were forged here: how they lie in the cache, and finding one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pypkg_core.cache import base_dir, base_name
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue

__all__ = ["BuiltBase", "file_sha256", "find_built", "manifest_path", "read_manifest", "sha256_path"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltBase:
    """A base in the cache: ``version`` is exact ("3.13.5"), ``sha256`` what its side file says."""

    path: Path
    version: str
    target: Target
    sha256: str


def sha256_path(base: Path) -> Path:
    """The side file with the hash: ``<hex>  <name>`` as ``sha256sum`` writes it."""
    return base.with_name(base.name + ".sha256")


def manifest_path(base: Path) -> Path:
    """The side file with what the build was made of."""
    return base.with_name(base.name + ".json")


def file_sha256(path: Path) -> str:
    """Hash a file; hexadecimal, lower case."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(base: Path) -> dict[str, object] | None:
    """Return what the build of ``base`` was made of, or ``None`` when its side file is missing or damaged."""
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


def find_built(target: Target) -> BuiltBase | None:
    """Return the newest base forged for ``target``, or ``None``; its contents are not hashed here.

    Raises:
        PypkgError: the side file with its hash cannot be read.
    """
    for release in catalogue().versions[target.version].pins:
        path = base_dir() / base_name("built", release, target.platform, target.arch)
        if not path.is_file():
            continue
        sha256 = _read_sha256(path)
        if sha256 is not None:
            return BuiltBase(path=path, version=release, target=target, sha256=sha256)
    return None
