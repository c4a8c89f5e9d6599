"""Version numbers as they stand in the tables."""

from __future__ import annotations

__all__ = ["version_numbers"]


def version_numbers(version: str) -> tuple[int, ...]:
    """Return a version of numbers and dots, "3.13.5", as numbers, for comparison.

    Raises:
        ValueError: a part is not a number.
    """
    return tuple(int(part) for part in version.split("."))
