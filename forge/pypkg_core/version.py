"""The version of all of pypkg; pyproject.toml has the same (a test compares them)."""

from __future__ import annotations

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
"""Recorded in every manifest."""
