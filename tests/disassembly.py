"""Reading machine code: objects and executables of ELF, for x86-64 and AArch64."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import capstone
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

__all__ = ["indirect_jumps", "stack_checks"]

_PROCESSORS: Final = {
    "EM_X86_64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
    "EM_AARCH64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
}


# A read of %fs:40, where the x86-64 ABI of Linux has the number that stacks are checked with.
_STACK_CHECK: Final = re.compile(rb"\x64[\x48\x4c][\x8b\x3b].\x25\x28\0\0\0", re.DOTALL)


def stack_checks(path: Path, function: str | None = None) -> int:
    """Count the uses of the number that guards stacks, in a file for x86-64.

    Args:
        path: an object, or an executable.
        function: the symbol of a function, which an executable must export; ``None`` for all code.
    """
    with path.open("rb") as stream:
        code = _code(ELFFile(stream), function) if function else stream.read()
    return len(_STACK_CHECK.findall(code))


def indirect_jumps(path: Path, function: str) -> int:
    """Count the jumps of a function whose destination is computed.

    Args:
        path: an object, or an executable that exports the function.
        function: its symbol.
    """
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        code = _code(elf, function)
        disassembler = capstone.Cs(*_PROCESSORS[elf["e_machine"]])
    count = end = 0
    for address, size, name, operands in disassembler.disasm_lite(code, 0):
        end = address + size
        # `notrack jmp` too; the destination of any other jump is a number.
        count += name == "br" or (name.endswith("jmp") and not operands.startswith("0x"))
    assert end == len(code), f"{path}: {function} cannot be disassembled behind byte {end} of {len(code)}"
    return count


def _code(elf: ELFFile, function: str) -> bytes:
    is_object = elf["e_type"] == "ET_REL"
    table = elf.get_section_by_name(".symtab" if is_object else ".dynsym")
    assert isinstance(table, SymbolTableSection), "there is no table of symbols"
    symbols = table.get_symbol_by_name(function)
    assert symbols, f"there is no symbol {function}"
    symbol = symbols[0]
    section = elf.get_section(symbol["st_shndx"])
    start = symbol["st_value"] - (0 if is_object else section["sh_addr"])
    code: bytes = section.data()[start : start + symbol["st_size"]]
    return code
