"""The targets that this host both forges and runs."""

from __future__ import annotations

from typing import Final

__all__ = ["DYNAMIC_311", "DYNAMIC_313", "STATIC_313", "TARGETS"]

STATIC_313: Final = "py313-linuxstatic-x64"
DYNAMIC_313: Final = "py313-linux-x64"
DYNAMIC_311: Final = "py311-linux-x64"
TARGETS: Final = (STATIC_313, DYNAMIC_313, DYNAMIC_311)
