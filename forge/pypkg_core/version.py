"""The version of pypkg; the same as in pyproject.toml, which a test checks."""

from __future__ import annotations

from typing import Final

__all__ = ["VERSION"]

VERSION: Final = "0.1.0"
"""Recorded in every manifest and printed by ``--version``."""
