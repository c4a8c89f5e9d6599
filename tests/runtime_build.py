"""The runtime's C sources, for the programs that test them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["RUNTIME", "runtime_sources"]

RUNTIME: Final = Path(__file__).parents[1] / "patches" / "runtime"


def runtime_sources(*left_out: str) -> list[Path]:
    """Return the C files that know nothing of Python, sorted; ``left_out`` are file names."""
    python = RUNTIME / "python"
    return [path for path in sorted(RUNTIME.rglob("*.c")) if python not in path.parents and path.name not in left_out]
