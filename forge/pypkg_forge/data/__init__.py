"""Where the forge's data lie: in a checkout beside the packages, in a wheel inside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["CHECKOUT", "HERE", "data_dir"]

HERE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = HERE.parents[2]


def data_dir(name: str) -> Path:
    """Return the folder ``name`` ("cmake" or "patches").

    A checkout's own folder wins, so that an edit is used by an editable installation at once.

    Raises:
        PypkgError: the folder is in neither place: the installation is damaged.
    """
    if (CHECKOUT / "pyproject.toml").is_file() and (CHECKOUT / "forge" / "pypkg_forge").is_dir():
        beside = CHECKOUT / name
        if beside.is_dir():
            return beside
    inside = HERE / name
    if inside.is_dir():
        return inside
    raise PypkgError(
        f"The forge's data folder '{name}' is missing: neither {inside} nor a checkout beside it has it",
        hint="Install pypkg again.",
    )
