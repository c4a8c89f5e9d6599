"""The location of the forge's data: in a checkout beside the packages, in a wheel inside this package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["CHECKOUT", "HERE", "data_dir"]

HERE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = HERE.parents[2]


def data_dir(name: str) -> Path:
    """Return the directory ``name`` ("cmake" or "patches").

    The directory of a checkout comes first, so that an editable installation uses edits at once.

    Raises:
        PypkgError: the directory exists in neither location: the installation is damaged.
    """
    if (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "forge" / "pypkg_forge").is_dir():
        beside = CHECKOUT / name
        if beside.is_dir():
            return beside
    inside = HERE / name
    if inside.is_dir():
        return inside
    raise PypkgError(
        f"The forge's data directory '{name}' is missing: not in {inside}, nor in a checkout",
        hint="Install pypkg again",
    )
