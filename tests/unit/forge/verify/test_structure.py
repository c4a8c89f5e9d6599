"""The structure of bases: what a file must be and may need, judged without running it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

import needs
from pypkg_core.binaries.binary import Protection
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_forge.toolchain.wrappers import find_toolchain
from pypkg_forge.verify.verify import verify_base
from unit.core.binaries.fixture_files import all_fixtures, fixture

REFUSED = [
    ("linux-x64", "linux-arm64", "has the processor x86-64, expected arm64"),
    ("macos-universal.dylib", "macos-x64", "has the processor x86_64, arm64, expected x64"),
    ("linux-arm64-fixed", "linux-arm64", "lacks a protection: position-independent"),
    ("linux-x64", "linuxstatic-x64", "needs a dynamic loader, expected a static program"),
    ("alpine-x64.so", "linux-x64", r"needs the library libc\.so; allowed for .*: libc\.so\.6, "),
    ("linux-x64", "linux-x64", r"needs glibc 2\.34, expected at most 2\.17"),
    ("linux-x64.so", "linux-x64", r"looks for libraries in \$ORIGIN/addon\.libs, /opt/lib, expected no such path"),
    # Nothing is wrong with these but that they have no image.
    ("linuxstatic-x64", "linuxstatic-x64", "is not a base of pypkg: it has no locator"),
    ("alpine-x64.so", "alpine-x64", "is not a base of pypkg: it has no locator"),
    ("linux-x64-hardened", "linux-x64", "is not a base of pypkg: it has no locator"),
]


@pytest.mark.parametrize(("name", "target", "message"), REFUSED)
def test_what_is_no_base_of_a_target_is_refused(tmp_path: Path, name: str, target: str, message: str) -> None:
    (tmp_path / name).write_bytes(all_fixtures()[name])
    platform, arch = target.split("-")
    with pytest.raises(PypkgError, match=message):
        verify_base(tmp_path / name, Target(version="313", platform=platform, arch=arch))


def test_what_the_oldest_c_library_lacks_is_refused(tmp_path: Path) -> None:
    """In place of a name of the same or a greater length."""
    target = Target(version="313", platform="alpine", arch="x64")
    absent = [name for name in target.facts.absent_symbols if len(name) <= len("strlen")]
    assert absent
    for name in absent:
        data = fixture("alpine-x64.so").replace(b"\0strlen\0", f"\0{name}\0".encode().ljust(8, b"\0"))
        (tmp_path / "base").write_bytes(data)
        with pytest.raises(PypkgError, match=rf"needs {name}, which musl 1\.2\.3 does not have"):
            verify_base(tmp_path / "base", target)


def test_what_zigs_musl_has_besides_the_oldest_is_in_the_table() -> None:
    """Another release of musl in zig may have more that the oldest lacks: compare its functions with that one's."""
    needs.module("ziglang")
    folder = Path(find_toolchain().zig).parent / "lib" / "libc" / "musl"
    assert (folder / "src" / "internal" / "version.h").read_text() == '#define VERSION "1.2.5"\n'
    defined = set(re.findall(r"^\.globl (\w+)$", (folder / "libc.S").read_text(), re.MULTILINE))
    assert {"preadv2", "pwritev2", "statx"} == defined & set(catalogue().platforms["alpine"].absent_symbols)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def replace(data: bytes) -> bytes:
        assert data.count(old) == 1
        return data.replace(old, new)

    return replace


def not_bound_at_start(data: bytes) -> bytes:
    data = replaced(struct.pack("<QQ", 30, 8), struct.pack("<QQ", 30, 0))(data)  # DT_FLAGS: DF_BIND_NOW
    flags = struct.pack("<Q", 0x6FFFFFFB)  # DT_FLAGS_1: DF_1_NOW, DF_1_PIE
    return replaced(flags + struct.pack("<Q", 0x08000001), flags + struct.pack("<Q", 0x08000000))(data)


# Protection -> what takes it away from a file that has all of them.
WITHOUT: dict[str, Callable[[bytes], bytes]] = {
    Protection.PIE: lambda data: data[:16] + struct.pack("<H", 2) + data[18:],  # ET_EXEC
    Protection.NX: replaced(struct.pack("<II", 0x6474E551, 6), struct.pack("<II", 0x6474E551, 7)),
    Protection.RELRO: replaced(struct.pack("<I", 0x6474E552), bytes(4)),
    Protection.BIND_NOW: not_bound_at_start,
    Protection.READ_ONLY_CODE: replaced(struct.pack("<QQ", 30, 8), struct.pack("<QQ", 30, 8 | 4)),
    Protection.FORTIFIED: replaced(b"\0__strcpy_chk\0", b"\0__strcpy_not\0"),
}


@pytest.mark.parametrize("protection", catalogue().platforms["linux"].protections)
def test_a_base_without_a_protection_of_its_platform_is_refused(tmp_path: Path, protection: str) -> None:
    (tmp_path / "base").write_bytes(WITHOUT[protection](fixture("linux-x64-hardened")))
    with pytest.raises(PypkgError, match=f"lacks a protection: {protection}$"):
        verify_base(tmp_path / "base", Target(version="313", platform="linux", arch="x64"))


def test_every_protection_of_a_forged_platform_is_expected_or_explained() -> None:
    unseen = {Protection.STACK_PROTECTOR, Protection.BRANCH_TARGETS, Protection.SHADOW_STACK}
    known = set(WITHOUT) | unseen
    for machine in catalogue().machines.values():
        facts = catalogue().platforms[machine.platform]
        if machine.build is not None:
            assert {*facts.protections, *(item.protection for item in facts.unprotected)} == known, facts.name


def test_the_table_names_protections_as_binaries_do() -> None:
    for facts in catalogue().platforms.values():
        assert {*facts.protections, *(item.protection for item in facts.unprotected)} <= set(Protection), facts.name
