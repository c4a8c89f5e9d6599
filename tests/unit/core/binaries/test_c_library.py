"""Which C library an ELF file needs, by the versions of its symbols and by its relocations."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from pypkg_core.binaries.binary import Minimum
from pypkg_core.binaries.elf.inspect import inspect

from .fixture_files import fixture, with_packed_relocations


def test_relative_relocations_need_a_newer_glibc() -> None:
    """They are asked for by a version without a number: here in place of the name of a symbol, which is as long."""
    data = fixture("linux-x64").replace(b"__libc_start_main\0", b"GLIBC_ABI_DT_RELR\0")
    names = data.index(b"\0GLIBC_ABI_DT_RELR\0")
    version = struct.pack("<I", data.index(b"GLIBC_2.34\0") - names)
    assert data.count(version) == 1
    assert inspect(data.replace(version, struct.pack("<I", 1)), "file").minimum == Minimum(
        name="glibc", version=(2, 36)
    )


def test_versions_of_the_compilers_library_say_nothing_of_the_c_library() -> None:
    """As in libraries of musl wheels for arm64, which bring their libgcc_s: its symbols have the version GLIBC_2.0."""
    found = inspect(fixture("linux-arm64.so").replace(b"libc.so.6\0", b"libgcc_sx\0"), "file")
    assert (found.libc, found.minimum, found.system) == (None, None, None)


@pytest.mark.parametrize("name", ["alpine-x64.so", "linux-arm64.so"])
def test_packed_relocations_are_seen_whatever_the_libc(name: str) -> None:
    plain, packed = inspect(fixture(name), name), inspect(with_packed_relocations(name), name)
    assert not plain.packed_relocations
    assert packed == replace(plain, packed_relocations=True)
