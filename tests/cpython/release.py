"""The tests of a CPython release, from its source archive."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from pypkg_core.cache import cache_root, locked, sources_dir
from pypkg_core.errors import PypkgError

__all__ = ["extract_tests", "release_of"]


def extract_tests(release: str) -> Path:
    """Return a directory with ``test`` of this exact release, extracted once from the forge's source archive.

    Raises:
        PypkgError: the archive is not in the cache.
    """
    folder = cache_root() / "tests" / f"cpython-{release}-tests"
    done = folder / "complete"
    with locked(folder):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with tarfile.open(_source_archive(release)) as archive:
                # Python 3.11.2 has no extraction filters; the archive is trusted, because its hash is pinned.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(folder, members=_test_members(archive))  # noqa: S202
            done.touch()
    return folder


def release_of(python: Path) -> str:
    """Return the exact release of an interpreter: ``3.13.5``."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _source_archive(release: str) -> Path:
    found = [path for path in sorted(sources_dir().glob(f"*{release}*")) if "ython" in path.name and ".t" in path.name]
    if not found:
        raise PypkgError(f"{sources_dir()} has no source archive of Python {release}", hint="Run: pypkg-forge sources")
    return found[0]


def _test_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        parts = Path(member.name).parts
        # Python-3.13.5/Lib/test/test_os.py -> test/test_os.py; 3.11 has ctypes' tests in ctypes/test.
        if parts[1:3] == ("Lib", "test") or parts[1:4] == ("Lib", "ctypes", "test"):
            member.name = str(Path(*parts[2:]))
            yield member
