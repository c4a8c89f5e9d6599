"""Which addons fit a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.environment import fit
from pypkg.environment.fit import best_fitting, fits, is_library, is_program, newer_minimum, packed_minimum
from pypkg.graph.resolver import addon_stem
from pypkg_core.binaries.binary import Binary, Kind, Minimum
from pypkg_core.targets.catalogue import Target, catalogue
from unit.core.binaries.fixture_files import all_fixtures, with_packed_relocations
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
        ("a.cpython-311t-x86_64-linux-gnu.so", 62, False),
        ("a.abi3t.so", 62, False),
    ],
)
def test_fits(tmp_path: Path, name: str, machine: int, fitting: bool) -> None:
    (tmp_path / name).write_bytes(elf(machine))
    assert fits(tmp_path / name, LINUX) is fitting
    assert not fits(tmp_path / name, STATIC)


@pytest.mark.parametrize(
    ("endings", "best"),
    [
        ((".abi3.so", ".cpython-311-x86_64-linux-gnu.so", ".so"), ".cpython-311-x86_64-linux-gnu.so"),
        ((".abi3.so", ".cpython-313-x86_64-linux-gnu.so", ".cpython-311t-x86_64-linux-gnu.so", ".so"), ".abi3.so"),
        ((".cpython-39-x86_64-linux-gnu.so", ".so"), ".so"),
        ((".cpython-313-x86_64-linux-gnu.so",), None),
    ],
)
def test_the_best_of_several_files_of_a_module(tmp_path: Path, endings: tuple[str, ...], best: str | None) -> None:
    names = [f"pkg/a{ending}" for ending in endings]
    (tmp_path / "pkg").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(elf())
    assert best_fitting(tmp_path, names, LINUX) == (f"pkg/a{best}" if best else None)


def machines_of(version: str) -> list[Target]:
    return [Target(version=version, platform=platform, arch=arch) for platform, arch in catalogue().machines]


# What each fixture is called in a wheel, and the only targets that load it.
FILES = [
    ("linux-x64.so", "a.cpython-311-x86_64-linux-gnu.so", {"linux-x64"}),
    ("linux-x64.so", "liba.so.1", {"linux-x64"}),
    ("linux-arm64.so", "a.abi3.so", {"linux-arm64"}),
    ("linux-arm.so", "a.cpython-311-arm-linux-gnueabihf.so", {"linux-armv7", "linux-armv6"}),
    ("alpine-x64.so", "a.cpython-311-x86_64-linux-musl.so", {"alpine-x64"}),
    ("freebsd-x64.so", "a.so", {"freebsd-x64"}),
    ("macos-x64.dylib", "a.cpython-311-darwin.so", {"macos-x64"}),
    ("macos-arm64.dylib", "a.abi3.so", {"macos-arm64"}),
    ("macos-arm64.dylib", "a.dylibs/liba.1.dylib", {"macos-arm64"}),
    ("macos-universal.dylib", "a.cpython-311-darwin.so", {"macos-x64", "macos-arm64"}),
    ("macos-universal.dylib", "a.cpython-312-darwin.so", set()),
    ("win-x64.pyd", "a.cp311-win_amd64.pyd", {"win-x64"}),
    ("win-arm64.pyd", "a.pyd", {"win-arm64"}),
    ("win-x64.pyd", "a.libs/b.dll", {"win-x64"}),
    ("win-x86.pyd", "a.pyd", set()),
    # The contents are of another system or processor than the name says.
    ("win-x64.pyd", "a.cpython-311-x86_64-linux-gnu.so", set()),
    ("macos-arm64.dylib", "liba.so", {"macos-arm64"}),
    ("linux-arm64.so", "a.cpython-311-x86_64-linux-gnu.so", set()),
]


@pytest.mark.parametrize(("fixture", "name", "expected"), FILES)
def test_libraries_of_every_platform_are_judged_here(
    tmp_path: Path, fixture: str, name: str, expected: set[str]
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(all_fixtures()[fixture])
    fitting = {f"{target.platform}-{target.arch}" for target in machines_of(LINUX.version) if fits(path, target)}
    assert fitting == expected


@pytest.mark.parametrize("fixture", ["linux-x64.so", "macos-x64.dylib", "win-x64.pyd"])
def test_a_truncated_library_fits_nothing(tmp_path: Path, fixture: str) -> None:
    data = all_fixtures()[fixture]
    (tmp_path / "a.so").write_bytes(data[: len(data) // 2])
    assert not any(fits(tmp_path / "a.so", target) for target in machines_of(LINUX.version))
    assert not any(newer_minimum(tmp_path / "a.so", target) for target in machines_of(LINUX.version))


def test_a_newer_system_than_that_of_the_base_is_told(tmp_path: Path) -> None:
    for name in ("linux-x64", "linux-arm64.so", "freebsd-x64"):
        (tmp_path / name).write_bytes(all_fixtures()[name])
    arm = Target(version="311", platform="linux", arch="arm64")
    assert newer_minimum(tmp_path / "linux-x64", LINUX) == Minimum(name="glibc", version=(2, 34))
    assert newer_minimum(tmp_path / "linux-x64", STATIC) is None  # it loads nothing
    assert newer_minimum(tmp_path / "linux-arm64.so", arm) is None  # 2.17
    assert newer_minimum(tmp_path / "freebsd-x64", LINUX) is None  # 14.0 of another system


def test_packed_relocations_need_a_newer_musl(tmp_path: Path) -> None:
    alpine, arm = (Target(version="311", platform="alpine", arch=arch) for arch in ("x64", "arm64"))
    (tmp_path / "plain.so").write_bytes(all_fixtures()["alpine-x64.so"])
    (tmp_path / "packed.so").write_bytes(with_packed_relocations("alpine-x64.so"))
    found = packed_minimum(tmp_path / "packed.so", alpine)
    assert found == Minimum(name="musl", version=(1, 2, 4), reason="packed relative relocations")
    assert packed_minimum(tmp_path / "plain.so", alpine) is None
    for other in (arm, LINUX, STATIC):  # another processor; it asks for it by a version; it loads nothing
        assert packed_minimum(tmp_path / "packed.so", other) is None


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


@pytest.mark.parametrize(
    ("platform", "found", "newer"),
    [
        ("linux", Minimum(name="glibc", version=(2, 28)), True),
        ("linux", Minimum(name="glibc", version=(2, 17)), False),
        ("linux", None, False),
        ("alpine", Minimum(name="glibc", version=(2, 28)), False),
        ("macos", Minimum(name="macos", version=(12, 0)), True),
        ("macos", Minimum(name="macos", version=(10, 9)), False),
        ("linuxstatic", Minimum(name="glibc", version=(2, 28)), False),
    ],
)
def test_what_a_library_needs_is_compared_with_the_base(
    monkeypatch: pytest.MonkeyPatch, platform: str, found: Minimum | None, newer: bool
) -> None:
    library = Binary(
        format="any", system=None, machine="any", arches=("x64",), bits=64, kind=Kind.LIBRARY, minimum=found
    )
    monkeypatch.setattr(fit, "inspect_file", lambda _: (library,))
    fit.inspected.cache_clear()
    target = Target(version="311", platform=platform, arch="x64")
    assert fit.newer_minimum(Path("lib.so"), target) == (found if newer else None)


def test_names() -> None:
    assert addon_stem("md.cpython-311-x86_64-linux-gnu.so") == "md"
    assert addon_stem("_a.abi3.so") == "_a"
    assert addon_stem("libopenblas.so") == ""
    assert addon_stem("x.so.1") == ""
    assert is_library("a.libs/libgcc-1.so.1.0")
    assert is_library("lib/one.dll") and is_library("lib/libone.dylib") and is_library("one.cp313-win_amd64.pyd")
    assert not is_library("a.sorted")
    assert not is_library("a.so.old")
