"""Which addons fit a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.environment.fit import fits, is_library, is_program, wheel_platforms
from pypkg.graph.resolver import addon_stem
from pypkg_core.targets.catalogue import Target
from unit.packager.world import elf

LINUX = Target(version="311", platform="linux", arch="x64")
STATIC = Target(version="311", platform="linuxstatic", arch="x64")


@pytest.mark.parametrize(
    ("name", "machine", "fitting"),
    [
        ("a.cpython-311-x86_64-linux-gnu.so", 62, True),
        ("a.cpython-313-x86_64-linux-gnu.so", 62, False),
        ("a.cpython-311-x86_64-linux-musl.so", 62, False),
        ("a.cpython-311-aarch64-linux-gnu.so", 183, False),
        ("a.cpython-311-darwin.so", 62, False),
        ("a.abi3.so", 62, True),
        ("a.abi3.so", 183, False),
        ("a.so", 62, True),
        ("libx.so.1.2", 62, True),
        ("a.cp311-win_amd64.pyd", 62, False),
    ],
)
def test_fits(tmp_path: Path, name: str, machine: int, fitting: bool) -> None:
    (tmp_path / name).write_bytes(elf(machine))
    assert fits(tmp_path / name, LINUX) is fitting
    assert not fits(tmp_path / name, STATIC)


def test_a_text_file_is_no_addon(tmp_path: Path) -> None:
    (tmp_path / "a.so").write_text("INPUT(libother.so)")
    assert not fits(tmp_path / "a.so", LINUX)


@pytest.mark.parametrize(
    ("head", "program"),
    [
        (b"#!/bin/sh\n", True),
        (b"MZ\x90\0", True),
        (b"\x7fELF\2\1", True),
        (b"\xcf\xfa\xed\xfe\7", True),
        (b"\xfe\xed\xfa\xcf\1", True),
        (b"\xca\xfe\xba\xbe\0", True),
        (b"\x7fEL", False),
        (b"PK\3\4", False),
        (b"", False),
    ],
)
def test_programs_are_known_by_their_first_bytes(tmp_path: Path, head: bytes, program: bool) -> None:
    (tmp_path / "tool").write_bytes(head)
    assert is_program(tmp_path / "tool") is program


def test_names() -> None:
    assert addon_stem("md.cpython-311-x86_64-linux-gnu.so") == "md"
    assert addon_stem("_a.abi3.so") == "_a"
    assert addon_stem("libopenblas.so") == ""
    assert addon_stem("x.so.1") == ""
    assert is_library("a.libs/libgcc-1.so.1.0")
    assert not is_library("a.sorted")


def test_wheels_for_an_old_glibc_come_first() -> None:
    tags = wheel_platforms(LINUX)
    assert tags.index("manylinux_2_17_x86_64") < tags.index("manylinux_2_28_x86_64")
    assert wheel_platforms(STATIC) == []
