"""The first bytes of executables, of every format that pypkg recognises."""

from __future__ import annotations

from typing import Final

__all__ = ["EXECUTABLE_MAGICS"]

# ELF (System V ABI), Windows (MZ header), and Mach-O: 64-bit in both byte orders, and universal (loader.h, fat.h)
EXECUTABLE_MAGICS: Final = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe")
