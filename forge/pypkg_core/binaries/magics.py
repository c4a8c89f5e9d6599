"""The first bytes of executables: the cheap test, which imports no parser."""

from __future__ import annotations

from typing import Final

__all__ = ["ELF_MAGIC", "EXECUTABLE_MAGICS", "MACHO_MAGICS", "PE_MAGIC", "UNIVERSAL_MAGICS"]

ELF_MAGIC: Final = b"\x7fELF"
"""System V ABI."""

PE_MAGIC: Final = b"MZ"
"""Windows: the MS-DOS header."""

MACHO_MAGICS: Final = (b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xce")
"""Mach-O for one processor: 64 and 32 bits, each little- and big-endian (loader.h)."""

UNIVERSAL_MAGICS: Final = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
"""Mach-O for several processors, with 32-bit and 64-bit offsets (fat.h); Java's class files begin like the first."""

EXECUTABLE_MAGICS: Final = (ELF_MAGIC, PE_MAGIC, *MACHO_MAGICS, *UNIVERSAL_MAGICS)
