"""Virtual environments with packages from the index, created once and kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import needs
from pypkg_core.cache import cache_root, locked

__all__ = ["install_packages", "make_environment"]

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
