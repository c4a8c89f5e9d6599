"""The build attributes of 32-bit ARM files: the instructions that whoever made an object allowed in it.

Addenda to, and Errata in, the ABI for the Arm Architecture, "Build attributes"; ELF for the Arm Architecture. A linker
need not merge those of its input: that of zig keeps the attributes of the first object only, so those of a linked file
say what its start code may use, and those of the objects say the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pypkg_core.binaries.elf.file import ElfFile
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.view import View

__all__ = ["BuildAttributes", "arm_attributes"]

_MACHINE: Final = 40  # EM_ARM
_OBJECT: Final = 1  # ET_REL
_SECTION: Final = 0x70000003  # SHT_ARM_ATTRIBUTES
_FORMAT: Final = b"A"
_VENDOR: Final = "aeabi"
_LENGTH: Final = struct.Struct("<I")
_FILE: Final = 1  # Tag_File; those of single sections and symbols are deprecated
_LONGEST_NUMBER: Final = 5  # bytes of an unsigned LEB128 of 32 bits

_CPU_ARCH, _FP_ARCH, _ADVANCED_SIMD_ARCH, _ABI_VFP_ARGS = 6, 10, 12, 28
_HARD: Final = 0x400  # EF_ARM_ABI_FLOAT_HARD, which linkers set
_COMPATIBILITY: Final = 32  # a number and a string
_STRINGS: Final = frozenset({4, 5})  # below 32; above, the odd tags have strings

# Values as the ABI and readelf name them.
# fmt: off
_NAMES: Final[Mapping[int, Mapping[int, str]]] = {
    _CPU_ARCH: dict(enumerate((
        "pre-v4", "v4", "v4T", "v5T", "v5TE", "v5TEJ", "v6", "v6KZ", "v6T2", "v6K", "v7", "v6-M", "v6S-M", "v7E-M",
        "v8-A", "v8-R", "v8-M.baseline", "v8-M.mainline", "v8.1-A", "v8.2-A", "v8.3-A", "v8.1-M.mainline", "v9-A",
    ))),
    _FP_ARCH: dict(enumerate((
        "none", "VFPv1", "VFPv2", "VFPv3", "VFPv3-D16", "VFPv4", "VFPv4-D16", "ARMv8", "ARMv8-D16",
    ))),
    _ADVANCED_SIMD_ARCH: dict(enumerate(("none", "NEONv1", "NEONv1 with Fused-MAC", "ARMv8", "ARMv8.1"))),
    _ABI_VFP_ARGS: {0: "soft", 1: "hard"},
}
# fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildAttributes:
    """What an object or a linked file is marked with.

    Attributes:
        cpu_arch: the architecture: ``v6KZ``, ``v7``.
        fp_arch: the floating-point instructions: ``none``, ``VFPv3-D16``.
        advanced_simd_arch: the vector instructions: ``none``, ``NEONv1``.
        float_abi: where floating-point arguments are passed, ``hard`` or ``soft``; ``None`` for an object that does not
            say, as one from assembly language.
    """

    cpu_arch: str
    fp_arch: str
    advanced_simd_arch: str
    float_abi: str | None


def arm_attributes(data: Bytes, shown: object) -> BuildAttributes | None:
    """Return the build attributes of an ELF file; ``None`` if it is for another processor or has none.

    Args:
        shown: the name of the file in errors.

    Raises:
        PypkgError: it is not a little-endian ELF file, or is truncated or damaged.
    """
    elf = ElfFile(data, shown)
    section = next((item for item in elf.sections if item.type == _SECTION), None)
    if elf.header["machine"] != _MACHINE or section is None:
        return None
    values = dict(_attributes(View(data, shown, start=section.offset, size=section.size)))
    is_object = elf.header["type"] == _OBJECT
    linked_abi = "hard" if elf.header["flags"] & _HARD else "soft"
    return BuildAttributes(
        cpu_arch=_name(_CPU_ARCH, values.get(_CPU_ARCH, 0)),
        fp_arch=_name(_FP_ARCH, values.get(_FP_ARCH, 0)),
        advanced_simd_arch=_name(_ADVANCED_SIMD_ARCH, values.get(_ADVANCED_SIMD_ARCH, 0)),
        float_abi=_NAMES[_ABI_VFP_ARGS].get(values.get(_ABI_VFP_ARGS, -1)) if is_object else linked_abi,
    )


def _name(tag: int, value: int) -> str:
    return _NAMES[tag].get(value, f"value {value}")


def _attributes(view: View) -> Iterator[tuple[int, int]]:
    """Yield the tag and the value of each attribute of the whole file that is a number."""
    if view.size == 0 or view.read(0, 1) != _FORMAT:
        raise view.error("is damaged: its build attributes have an unknown format")
    for start, end in _parts(view, 1, view.size, 0):
        vendor = view.string(start + _LENGTH.size, end)
        if vendor != _VENDOR:
            continue
        for part, part_end in _parts(view, start + _LENGTH.size + len(vendor) + 1, end, 1):
            if view.read(part, 1)[0] == _FILE:
                yield from _numbers(view, part + 1 + _LENGTH.size, part_end)


def _parts(view: View, at: int, end: int, length_at: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of parts that follow each other; each has its length, all of it, at ``length_at``."""
    while at < end:
        (length,) = view.unpack(_LENGTH, at + length_at)
        if length < length_at + _LENGTH.size or at + length > end:
            raise view.error(f"is damaged: a part of its build attributes has {length} bytes")
        yield at, at + length
        at += length


def _numbers(view: View, at: int, end: int) -> Iterator[tuple[int, int]]:
    while at < end:
        tag, at = _uleb128(view, at)
        value = None
        if tag < _COMPATIBILITY:
            has_number, has_string = tag not in _STRINGS, tag in _STRINGS
        else:
            has_number, has_string = tag % 2 == 0, tag % 2 == 1 or tag == _COMPATIBILITY
        if has_number:
            value, at = _uleb128(view, at)
        if has_string:
            at = _after_string(view, at, end)
        if value is not None:
            yield tag, value


def _after_string(view: View, at: int, end: int) -> int:
    found = view.read(at, max(end - at, 0)).find(b"\0")
    if found < 0:
        raise view.error("is damaged: a string of its build attributes has no end")
    return at + found + 1


def _uleb128(view: View, at: int) -> tuple[int, int]:
    """Return an unsigned LEB128, and where it ends."""
    value = 0
    for index in range(_LONGEST_NUMBER):
        byte = view.read(at + index, 1)[0]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise view.error("is damaged: a number of its build attributes is too long")
