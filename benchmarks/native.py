"""An ordinary CPython, compiled from a pinned archive with this machine's compiler, to compare with."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pypkg_core.cache import locked, sources_dir
from pypkg_core.errors import PypkgError
from pypkg_forge.sources.fetch import Fetcher
from pypkg_forge.sources.origins import default_origins
from pypkg_forge.sources.pins import pins

__all__ = ["OPTIMIZED", "compile_native"]

OPTIMIZED: Final = ("--enable-optimizations", "--with-lto")


def compile_native(version: str, options: Sequence[str] = ()) -> Path:
    """Compile CPython as its README says; it is kept with the sources, and used again.

    Args:
        version: exact, of a pinned archive.
        options: for configure; with `OPTIMIZED` it takes several times as long.

    Raises:
        PypkgError: there is no such archive, or a step failed.
    """
    pinned = [pin for pin in pins() if (pin.name, pin.version) == ("python", version)]
    if not pinned:
        raise PypkgError(f"Cannot compile Python {version}: no archive of it is pinned")
    folder = sources_dir() / "-".join([f"native-{version}", *(["optimized"] if options else [])])
    python = folder / "bin" / f"python{version.rpartition('.')[0]}"
    source = folder / f"Python-{version}"
    sources_dir().mkdir(parents=True, exist_ok=True)
    with locked(folder):
        # The source is deleted last: while it is there, the installation is not complete.
        if python.exists() and not source.exists():
            return python
        archive = Fetcher(origins=default_origins(None)).fetch_first(f"Python {version}", pinned).path
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(archive) as tar:
            # Python 3.11.2, Debian 12's, has no extraction filters; the archive is pinned by its hash anyway.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)  # noqa: S202
        for line in (
            ["./configure", f"--prefix={folder}", "CC=gcc", *options],
            ["make", f"-j{os.cpu_count()}"],
            ["make", "install", "ENSUREPIP=no"],
        ):
            done = subprocess.run(line, cwd=source, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise PypkgError(f"{' '.join(line)} failed in {source}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        shutil.rmtree(source)
    return python
