"""Virtual environments with packages from the index, created once and kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import needs
from pypkg_core.cache import cache_root, locked

__all__ = ["install_packages", "make_environment", "new_environment", "write_distribution"]

INSTALL_SECONDS = 900


def make_environment(*requirements: str | Path, fingerprint: str = "") -> Path:
    """Return the interpreter of a virtual environment with these requirements.

    Args:
        requirements: as pip accepts them; exact versions, so that a run next year tests the same programs.
        fingerprint: a hash of the contents of requirements that are directories.
    """
    # `venv` uses the interpreter that the current environment is based on, so another checkout can use this one too.
    key = hashlib.sha256(repr((sys.version, sys.base_prefix, list(map(str, requirements)), fingerprint)).encode())
    folder = cache_root() / "tests" / f"venv-{key.hexdigest()[:16]}"
    python = folder / "bin" / "python"
    done = folder / "complete"
    with locked(folder):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=INSTALL_SECONDS)
            install_packages(python, *requirements)
            done.touch()
    return python


def new_environment(folder: Path) -> Path:
    """Make an empty virtual environment ``.venv`` in a folder; return its ``site-packages``."""
    venv.create(folder / ".venv", with_pip=False)
    (site,) = (folder / ".venv" / "lib").glob("python3*/site-packages")
    return site


def write_distribution(site: Path, name: str, files: Mapping[str, str], *, metadata: str = "") -> None:
    """Write an installed distribution.

    Args:
        site: the ``site-packages`` of an environment.
        name: of the distribution.
        files: path below ``site`` -> text.
        metadata: more lines of its metadata.
    """
    info = f"{name}-1.0.dist-info"
    every = {**files, f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}"}
    record = f"{info}/RECORD"
    every[record] = "".join(f"{path},,\n" for path in (*every, record))
    for path, text in every.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)


def install_packages(python: Path, *requirements: str | Path) -> None:
    """Install with pip; ``needs.index`` decides what happens if the index is unreachable."""
    result = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-input", *map(str, requirements)],
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    needs.index(result)
