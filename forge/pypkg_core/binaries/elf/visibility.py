"""Hides the symbols of static libraries, so that a base exports only Python's API.

A native addon with its own copy of a bundled library must not bind to ours. Linkers have options for that, which zig's
does not accept; so the visibility, a byte of each symbol, is set in the objects (gabi.xinuos.com, "Symbol Table").
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.binaries.ar import members
from pypkg_core.binaries.elf.file import ElfFile, SectionType
from pypkg_core.binaries.magics import ELF_MAGIC
from pypkg_core.binaries.view import View
from pypkg_core.errors import PypkgError

__all__ = ["hide_symbols"]

_UNDEFINED: Final = 0  # SHN_UNDEF
_GLOBAL: Final = 1  # STB_GLOBAL
_WEAK: Final = 2  # STB_WEAK
_DEFAULT: Final = 0  # STV_DEFAULT
_HIDDEN: Final = 2  # STV_HIDDEN
_VISIBILITY: Final = 3  # the bits of st_other


def hide_symbols(archive: Path) -> int:
    """Hide every symbol that the objects of a static library define; return the number of symbols that were visible.

    Raises:
        PypkgError: the file cannot be read or written, or is not a static library of little-endian ELF objects.
    """
    try:
        data = bytearray(archive.read_bytes())
    except OSError as error:
        raise PypkgError(f"Cannot read {archive}: {error.strerror}") from error
    hidden = 0
    for span in members(data, archive):
        contents = bytes(data[span.offset : span.offset + span.size])
        if contents.startswith(ELF_MAGIC):
            visible = _visible_symbols(contents, f"An object in {archive}")
            for at in visible:
                data[span.offset + at] |= _HIDDEN
            hidden += len(visible)
    if hidden:
        with atomic_write(archive) as out:
            out.write(data)
    return hidden


def _visible_symbols(data: bytes, shown: object) -> list[int]:
    """Return where the visibility of each defined symbol is that other files can see."""
    elf = ElfFile(data, shown)
    layout = elf.layout.symbol
    view = View(data, shown)
    return [
        section.offset + number * layout.size + elf.layout.symbol_other_at
        for section in elf.sections
        if section.type == SectionType.SYMTAB
        for number, (_, info, other, defined_in) in enumerate(
            view.rows(layout, section.offset, section.size // layout.size)
        )
        if defined_in != _UNDEFINED and info >> 4 in (_GLOBAL, _WEAK) and other & _VISIBILITY == _DEFAULT
    ]
