"""The build attributes of 32-bit ARM files."""

from __future__ import annotations

import io
import struct

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import ARMAttributesSection

from pypkg_core.binaries.elf.arm import BuildAttributes, arm_attributes
from pypkg_core.errors import PypkgError

from .elf_files import elf_base
from .fixture_files import fixture

V6 = BuildAttributes(cpu_arch="v6", fp_arch="VFPv2", advanced_simd_arch="none", float_abi="hard")
# What zig compiles for without `-mcpu`.
V7 = BuildAttributes(cpu_arch="v7", fp_arch="VFPv3", advanced_simd_arch="NEONv1", float_abi="hard")
EXPECTED = {
    "linux-arm.o": V7,
    "linux-arm.so": V7,
    "linux-arm-v6.o": V6,
    "linux-arm-v6": V6,
    # Its object is not marked so, but the C library's start code is.
    "linux-arm-v7": V7,
}
VENDOR = b"aeabi\0"


def section(name: str) -> ARMAttributesSection:
    found = next(item for item in ELFFile(io.BytesIO(fixture(name))).iter_sections() if item.name == ".ARM.attributes")
    assert isinstance(found, ARMAttributesSection)
    return found


def with_attributes(contents: bytes) -> bytes:
    """Return an object with other attributes, which are at most as long as its own."""
    name = "linux-arm-v6.o"
    own = section(name)
    start, size = own["sh_offset"], own["sh_size"]
    assert len(contents) <= size
    data = bytearray(fixture(name))
    data[start : start + len(contents)] = contents
    header = ELFFile(io.BytesIO(data))._section_offset(section_number(name))
    struct.pack_into("<I", data, header + 20, len(contents))  # sh_size
    return bytes(data)


def section_number(name: str) -> int:
    names = [item.name for item in ELFFile(io.BytesIO(fixture(name))).iter_sections()]
    return names.index(".ARM.attributes")


def attributes(values: bytes, *, vendor: bytes = VENDOR, part: int = 1) -> bytes:
    inner = struct.pack("<BI", part, 5 + len(values)) + values
    return b"A" + struct.pack("<I", 4 + len(vendor) + len(inner)) + vendor + inner


@pytest.mark.parametrize("name", EXPECTED)
def test_what_code_is_marked_with(name: str) -> None:
    assert arm_attributes(fixture(name), name) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_pyelftools_reads_the_same(name: str) -> None:
    numbers = {
        item.tag: item.value
        for part in section(name).iter_subsections()
        for scope in part.iter_subsubsections()
        for item in scope.iter_attributes()
    }
    expected = {"v6": 6, "v7": 10}, {"VFPv2": 2, "VFPv3": 3}, {"none": None, "NEONv1": 1}
    found = EXPECTED[name]
    assert numbers["TAG_CPU_ARCH"] == expected[0][found.cpu_arch]
    assert numbers["TAG_FP_ARCH"] == expected[1][found.fp_arch]
    assert numbers.get("TAG_ADVANCED_SIMD_ARCH") == expected[2][found.advanced_simd_arch]


@pytest.mark.parametrize("data", [fixture("linux-x64"), fixture("linux-arm64.so"), elf_base(bits=32)])
def test_other_files_have_none(data: bytes) -> None:
    assert arm_attributes(data, "file") is None


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (attributes(b"\x06\x07\x0a\x04"), ("v6KZ", "VFPv3-D16", "none", None)),
        (attributes(b"\x06\x0a\x1c\x00"), ("v7", "none", "none", "soft")),
        (attributes(b"\x06\x0a\x1c\x03"), ("v7", "none", "none", None)),  # passes none: fits both
        (attributes(b"\x06\x63\x0c\x80\x01"), ("value 99", "none", "value 128", None)),
        # Strings are skipped: a name, the compatibility with its number, one with an odd tag.
        (attributes(b"\x05\x06\x0a\0\x20\x01gnu\0\x432.09\0\x0a\x02"), ("pre-v4", "VFPv2", "none", None)),
        # Those of another vendor, or of a section, are not those of the file.
        (attributes(b"\x06\x0a", vendor=b"gnu\0"), ("pre-v4", "none", "none", None)),
        (attributes(b"\x01\0\x06\x0a", part=2), ("pre-v4", "none", "none", None)),
        (b"A", ("pre-v4", "none", "none", None)),
    ],
)
def test_values(contents: bytes, expected: tuple[str, str, str, str | None]) -> None:
    names = ("cpu_arch", "fp_arch", "advanced_simd_arch", "float_abi")
    found = arm_attributes(with_attributes(contents), "file")
    assert found is not None
    assert tuple(getattr(found, name) for name in names) == expected


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "unknown format"),
        (b"B" + attributes(b"")[1:], "unknown format"),
        (b"A\0\0\0\0" + VENDOR, "a part of its build attributes has 0 bytes"),
        (b"A\xff\0\0\0" + VENDOR, "a part of its build attributes has 255 bytes"),
        (b"A\x08\0\0\0aeab", "expected a name"),
        (
            b"A" + struct.pack("<I", 15) + VENDOR + struct.pack("<BI", 1, 4),
            "a part of its build attributes has 4 bytes",
        ),
        (attributes(b"\x05abc"), "a string of its build attributes has no end"),
        (attributes(b"\x06" + b"\xff" * 6), "a number of its build attributes is too long"),
        (attributes(b"\x06"), "is truncated|is damaged"),
    ],
)
def test_damage_is_named(contents: bytes, message: str) -> None:
    with pytest.raises(PypkgError, match=message):
        arm_attributes(with_attributes(contents), "file")
