"""The build attributes of code are compared with the row of its processor."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg_core.binaries.ar import AR_MAGIC
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_forge.verify.attributes import check_libraries, check_program, loader_fits
from unit.core.binaries.fixture_files import fixture

V6, V7, X64 = (Target(version="313", platform="linux", arch=arch) for arch in ("armv6", "armv7", "x64"))


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(fixture(name))
    return path


def library(folder: Path, *objects: bytes, name: str = "libthing.a") -> Path:
    """Write a static library, with a member of text as the index is one."""
    path = folder / name
    contents = AR_MAGIC
    for data in (b"an index", *objects):
        contents += b"%-48s%-10d`\n" % (b"name/", len(data)) + data + b"\n" * (len(data) % 2)
    path.write_bytes(contents)
    return path


def without_float_abi(data: bytes) -> bytes:
    """Return an object as the assembler marks it: without Tag_ABI_VFP_args (here: Tag_ABI_HardFP_use)."""
    assert data.count(b"\x1c\x01") == 1
    return data.replace(b"\x1c\x01", b"\x1b\x01")


def test_a_program_for_an_older_processor_runs_on_a_newer_one(tmp_path: Path) -> None:
    older, newer = write(tmp_path, "linux-arm-v6"), write(tmp_path, "linux-arm-v7")
    check_program(older, V6)
    check_program(older, V7)
    check_program(newer, V7)  # marked for NEON, as start code from assembly language is
    with pytest.raises(PypkgError) as caught:
        check_program(newer, V6)
    assert "linux-arm-v7 is marked to need more than its target has: Tag_CPU_arch v7; allowed: pre" in str(caught.value)


def test_a_program_must_be_marked(tmp_path: Path) -> None:
    with pytest.raises(PypkgError, match="has no build attributes, expected those of armv7"):
        check_program(write(tmp_path, "linux-arm64-fixed"), V7)
    check_program(write(tmp_path, "linux-x64"), X64)  # there are none for this processor


def test_code_for_the_other_float_abi_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "linux-arm-v6")
    data = bytearray(path.read_bytes())
    data[37] = 2  # e_flags: EF_ARM_ABI_FLOAT_SOFT
    path.write_bytes(data)
    with pytest.raises(PypkgError, match="floating-point ABI soft; allowed: hard"):
        check_program(path, V6)


def test_every_object_of_a_library_is_checked(tmp_path: Path) -> None:
    """A linker that keeps the marks of the first object only would not tell."""
    older, newer = fixture("linux-arm-v6.o"), fixture("linux-arm.o")
    check_libraries([library(tmp_path, older, older)], V6)
    with pytest.raises(PypkgError, match=r"An object in .*libthing.a is marked to need more .*: Tag_CPU_arch v7"):
        check_libraries([library(tmp_path, older, newer)], V6)
    with pytest.raises(PypkgError, match=r"Tag_FP_arch VFPv3; allowed: none, VFPv1, VFPv2, VFPv3-D16$"):
        check_libraries([library(tmp_path, older, newer)], V7)
    check_libraries([library(tmp_path, newer)], X64)


def test_assembly_language_may_be_marked_for_more(tmp_path: Path) -> None:
    assembly = without_float_abi(fixture("linux-arm.o"))
    check_libraries([library(tmp_path, assembly)], V7)
    with pytest.raises(PypkgError, match="Tag_CPU_arch v7"):
        check_libraries([library(tmp_path, assembly)], V6)


def test_a_library_that_asks_the_processor_is_not_compared(tmp_path: Path) -> None:
    check_libraries([library(tmp_path, fixture("linux-arm.o"), name="libcrypto.a")], V6)


def test_a_loader_is_for_the_processor_or_a_newer_one(tmp_path: Path) -> None:
    older, newer = write(tmp_path, "linux-arm-v6"), write(tmp_path, "linux-arm-v7")
    assert [loader_fits(path, target) for target in (V6, V7) for path in (older, newer)] == [True, False, True, True]
    assert loader_fits(tmp_path / "missing", X64)
