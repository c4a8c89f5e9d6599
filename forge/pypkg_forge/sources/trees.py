"""Unpacked source trees: made beside, patched, renamed, so that a tree that is there is whole."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from pathlib import Path

from pypkg_core.cache import forge_dir, locked
from pypkg_core.errors import PypkgError
from pypkg_core.progress import Reporter
from pypkg_forge.data import data_dir
from pypkg_forge.sources.fetch import Source
from pypkg_forge.sources.patching import apply_patches, patch_files

__all__ = ["patches_sha256", "source_tree"]


def patches_sha256(series: str) -> str:
    """Hash the numbered patches of a series ("3.13"): their names and contents."""
    digest = hashlib.sha256()
    for path in patch_files(data_dir("patches") / series):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_tree(source: Source, *, series: str | None, reporter: Reporter) -> Path:
    """Return the unpacked tree of an archive, patched for a Python ``series`` when one is given.

    The folder's name holds the hashes of the archive and of the patches; a change of either makes another tree.

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
        # Trees of the same release with other patches are of no use any more.
        for stale in folder.glob(f"{source.pin.name}-{source.pin.version}-*"):
            if stale.is_dir():
                shutil.rmtree(stale)
        temporary = folder / f"{name}.new"
        shutil.rmtree(temporary, ignore_errors=True)
        with reporter.stage(f"Unpacking {source.pin}"):
            _unpack(source.path, temporary)
        if series is not None:
            patches = patch_files(data_dir("patches") / series)
            apply_patches(temporary, patches)
            reporter.say(f"{source.pin}: {len(patches)} patches applied")
        temporary.rename(tree)
    return tree


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack so that ``folder`` is the archive's one top folder."""
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
            raise PypkgError(f"Cannot unpack {archive}: wanted one top folder, got {len(inside)} entries")
        inside[0].rename(folder)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise PypkgError(f"Cannot unpack {archive}: {error}") from error
    finally:
        shutil.rmtree(outer, ignore_errors=True)
