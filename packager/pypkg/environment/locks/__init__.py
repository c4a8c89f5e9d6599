"""Lock files: which version of a distribution is installed, and the hashes that its files may have."""

from __future__ import annotations

from typing import Final

__all__ = ["LOCK_FILES"]

LOCK_FILES: Final = ("pylock.toml", "uv.lock")
"""The locks beside a ``pyproject.toml``; the first that exists is read."""
