"""Unpacked source trees. A tree is prepared under another name and renamed, so that a tree that exists is complete."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from pypkg_core.cache import forge_dir, locked
from pypkg_core.errors import PypkgError
from pypkg_core.progress import Reporter
from pypkg_forge.data import data_dir
from pypkg_forge.sources.fetch import Source
from pypkg_forge.sources.patching import apply_patches, patch_files

__all__ = ["patches_sha256", "source_tree"]


def patches_sha256(series: str) -> str:
    """Return a hash of the numbered patches of a series ("3.13"): their names and contents."""
    digest = hashlib.sha256()
    for path in patch_files(data_dir("patches"), series):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_tree(source: Source, *, series: str | None, reporter: Reporter, log: Callable[[str], None]) -> Path:
    """Return the unpacked tree of an archive, patched if it is Python's.

    The tree's name holds the hashes of the archive and of the patches: another archive or patch makes another tree.

    Args:
        series: the Python series whose patches to apply, or ``None``.
        log: gets a line for each file that is patched.

    Raises:
        PypkgError: the archive cannot be unpacked, or a patch does not apply.
    """
    name = f"{source.pin.name}-{source.pin.version}-{source.sha256[:8]}"
    if series is not None:
        name += f"-{patches_sha256(series)[:8]}"
    folder = forge_dir() / "src"
    tree = folder / name
    with locked(tree):
        if tree.is_dir():
            return tree
        # Trees of the same release with other patches are not used again.
        for stale in folder.glob(f"{source.pin.name}-{source.pin.version}-*"):
            if stale.is_dir():
                shutil.rmtree(stale)
        temporary = folder / f"{name}.new"
        shutil.rmtree(temporary, ignore_errors=True)
        with reporter.stage(f"Unpacking {source.pin}"):
            _unpack(source.path, temporary)
        if series is not None:
            patches = patch_files(data_dir("patches"), series)
            for line in apply_patches(temporary, patches):
                log(line)
            reporter.say(f"{source.pin}: {len(patches)} patches applied")
        temporary.rename(tree)
    return tree


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive; ``folder`` becomes its only top-level directory."""
    outer = folder.with_name(folder.name + ".outer")
    shutil.rmtree(outer, ignore_errors=True)
    try:
        outer.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            # Python 3.11.2, Debian 12's, has no extraction filters; the archive is pinned by its hash anyway.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(outer)  # noqa: S202
        inside = list(outer.iterdir())
        if len(inside) != 1 or not inside[0].is_dir():
            raise PypkgError(f"Cannot unpack {archive}: expected one top-level directory, got {len(inside)} entries")
        inside[0].rename(folder)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise PypkgError(f"Cannot unpack {archive}: {error}") from error
    finally:
        shutil.rmtree(outer, ignore_errors=True)
