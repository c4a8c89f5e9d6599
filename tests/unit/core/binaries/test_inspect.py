"""What is known of executables, libraries and objects of every format, wherever they are inspected."""

from __future__ import annotations

import gc
import io
import struct
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pefile
import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from macholib.MachO import MachO
from macholib.SymbolTable import SymbolTable

from pypkg_core.binaries import FORMATS, attach_image, find_format, inspect_file, read_image
from pypkg_core.binaries.binary import Binary, Kind, Minimum, Protection
from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.binaries.mapped import map_file
from pypkg_core.binaries.view import View
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import catalogue

from .fixture_files import all_fixtures, fixture, universal
from .make_fixtures import FIXTURES, make

PYTHON = ("PyModuleDef_Init", "PyModule_GetName")
ELF = frozenset({Protection.PIE, Protection.NX, Protection.RELRO, Protection.BIND_NOW, Protection.READ_ONLY_CODE})
MACHO = frozenset({Protection.PIE, Protection.NX})
PE = frozenset({Protection.PIE, Protection.NX, Protection.HIGH_ENTROPY, Protection.CONTROL_FLOW_GUARD})


def elf(machine: str, *arches: str, **facts: object) -> Binary:
    return replace(
        Binary(
            format="elf",
            system=None,
            machine=machine,
            arches=arches,
            bits=64,
            kind=Kind.LIBRARY,
            needed=("libc.so.6",),
            undefined=(*PYTHON, "strlen"),
            protections=ELF,
        ),
        **facts,  # type: ignore[arg-type]
    )


def macho(machine: str, *arches: str, **facts: object) -> Binary:
    return replace(
        Binary(
            format="macho",
            system="macos",
            machine=machine,
            arches=arches,
            bits=64,
            kind=Kind.LIBRARY,
            needed=("/usr/lib/libSystem.B.dylib",),
            interpreter="/usr/lib/dyld",
            minimum=Minimum(name="macos", version=(15, 0)),
            undefined=(*PYTHON, "dyld_stub_binder", "strlen"),
            protections=MACHO | {Protection.SIGNED},
        ),
        **facts,  # type: ignore[arg-type]
    )


def pe(machine: str, *arches: str, **facts: object) -> Binary:
    return replace(
        Binary(
            format="pe",
            system="windows",
            machine=machine,
            arches=arches,
            bits=64,
            kind=Kind.LIBRARY,
            needed=("python313.dll", "numbers.dll"),
            optional=("later.dll",),
            minimum=Minimum(name="windows", version=(10, 0)),
            undefined=("#7", "PyModuleDef_Init", "later"),
            protections=PE,
        ),
        **facts,  # type: ignore[arg-type]
    )


def glibc(*version: int) -> dict[str, object]:
    return {"system": "linux", "libc": "glibc", "minimum": Minimum(name="glibc", version=version)}


PROGRAM = {"kind": Kind.EXECUTABLE}
ARM_PROGRAM = elf(
    "ARM",
    "armv6",
    "armv7",
    **PROGRAM,
    **glibc(2, 4),
    bits=32,
    interpreter="/lib/ld-linux-armhf.so.3",
    undefined=("__libc_start_main", "abort", "puts"),
)
ARM_OBJECT = elf(
    "ARM",
    "armv6",
    "armv7",
    kind=Kind.OBJECT,
    bits=32,
    needed=(),
    undefined=(*PYTHON, "__aeabi_unwind_cpp_pr0", "strlen"),
    protections=frozenset(),
)
EXPECTED = {
    "linux-x64.so": elf("x86-64", "x64", **glibc(2, 2, 5), run_paths=("$ORIGIN/addon.libs", "/opt/lib")),
    "linux-arm64.so": elf("AArch64", "arm64", **glibc(2, 17)),
    # Its strlen is inlined.
    "linux-arm.so": elf("ARM", "armv6", "armv7", bits=32, needed=(), undefined=PYTHON),
    "alpine-x64.so": elf("x86-64", "x64", needed=("libc.so",)),
    "freebsd-x64.so": elf("x86-64", "x64", needed=("libc.so.7",), system="freebsd"),
    "linux-x64": elf(
        "x86-64",
        "x64",
        **PROGRAM,
        **glibc(2, 34),
        interpreter="/lib64/ld-linux-x86-64.so.2",
        undefined=("__libc_start_main", "puts"),
    ),
    "linux-x64-hardened": elf(
        "x86-64",
        "x64",
        **PROGRAM,
        **glibc(2, 4),
        interpreter="/lib64/ld-linux-x86-64.so.2",
        undefined=("__libc_start_main", "__stack_chk_fail", "__strcpy_chk", "puts"),
        protections=ELF | {Protection.STACK_PROTECTOR, Protection.FORTIFIED},
    ),
    "linux-x64-marked.so": elf(
        "x86-64",
        "x64",
        needed=(),
        undefined=(),
        protections=ELF | {Protection.BRANCH_TARGETS, Protection.SHADOW_STACK},
    ),
    "linux-arm64-marked.so": elf(
        "AArch64", "arm64", needed=(), undefined=(), protections=ELF | {Protection.BRANCH_TARGETS}
    ),
    "linux-arm64-fixed": elf(
        "AArch64",
        "arm64",
        **PROGRAM,
        **glibc(2, 17),
        interpreter="/lib/ld-linux-aarch64.so.1",
        undefined=("__libc_start_main", "abort", "puts"),
        protections=ELF - {Protection.PIE},
    ),
    "linuxstatic-x64": elf("x86-64", "x64", **PROGRAM, needed=(), undefined=()),
    "freebsd-x64": elf(
        "x86-64",
        "x64",
        **PROGRAM,
        needed=("libc.so.7",),
        system="freebsd",
        libc="freebsd",
        minimum=Minimum(name="freebsd", version=(14, 0)),
        interpreter="/libexec/ld-elf.so.1",
        undefined=("__libc_start1", "puts"),
    ),
    "linux-x64.o": elf("x86-64", "x64", kind=Kind.OBJECT, needed=(), protections=frozenset()),
    "linux-arm.o": ARM_OBJECT,
    "linux-arm-v6.o": ARM_OBJECT,
    "linux-arm-v6": ARM_PROGRAM,
    "linux-arm-v7": ARM_PROGRAM,
    "macos-x64.dylib": macho("x86_64", "x64", run_paths=("@loader_path/addon.dylibs",), protections=MACHO),
    "macos-arm64.dylib": macho("arm64", "arm64"),
    "macos-arm64": macho("arm64", "arm64", **PROGRAM, undefined=("dyld_stub_binder", "puts")),
    "win-x64.pyd": pe("x86-64", "x64"),
    "win-arm64.pyd": pe("ARM64", "arm64"),
    "win-x86.pyd": pe("x86", bits=32, protections=PE - {Protection.HIGH_ENTROPY}),
}


def inspect(data: bytes) -> tuple[Binary, ...]:
    return find_format(data, "file").inspect(data, "file")


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.iterdir()))
def test_what_is_known_of_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(fixture(name))
    assert inspect_file(tmp_path / name) == (EXPECTED[name],)


@pytest.mark.parametrize("name", sorted(all_fixtures()))
def test_an_inspected_file_is_not_kept_open(name: str, tmp_path: Path) -> None:
    """Without waiting for the garbage collector: a program has few descriptors, an environment many libraries."""
    (tmp_path / "file").write_bytes(all_fixtures()[name])
    gc.disable()
    try:
        data = map_file(tmp_path / "file")
        kept = weakref.ref(data)
        assert find_format(data, "file").inspect(data, "file")
        del data
        assert kept() is None
    finally:
        gc.enable()


def test_every_processor_is_known_in_a_format() -> None:
    assert {arch for item in EXPECTED.values() for arch in item.arches} == set(catalogue().arches)


@pytest.mark.forge
def test_the_fixtures_are_what_their_script_makes(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert sorted(made) == sorted(path.stem for path in FIXTURES.iterdir())
    assert [name for name, data in made.items() if data != fixture(name)] == []


@pytest.mark.parametrize("name", [name for name, item in EXPECTED.items() if item.format == "elf"])
def test_pyelftools_reads_the_same(name: str) -> None:
    needed, undefined = [], set()
    for section in ELFFile(io.BytesIO(fixture(name))).iter_sections():
        if isinstance(section, DynamicSection):
            needed += [vars(tag)["needed"] for tag in section.iter_tags("DT_NEEDED")]
        if isinstance(section, SymbolTableSection):
            symbols = [item for item in section.iter_symbols() if item["st_info"]["bind"] != "STB_LOCAL"]
            undefined |= {item.name for item in symbols if item["st_shndx"] == "SHN_UNDEF"}
    assert (list(EXPECTED[name].needed), sorted(undefined)) == (needed, list(EXPECTED[name].undefined))


@pytest.mark.parametrize("name", [name for name, item in EXPECTED.items() if item.format == "pe"])
def test_pefile_reads_the_same(name: str) -> None:
    parsed = pefile.PE(data=fixture(name))
    parts = (parsed.DIRECTORY_ENTRY_IMPORT, parsed.DIRECTORY_ENTRY_DELAY_IMPORT)
    needed, optional = (tuple(item.dll.decode() for item in part) for part in parts)
    imports = [name for part in parts for item in part for name in item.imports]
    undefined = {f"#{item.ordinal}" if item.name is None else item.name.decode() for item in imports}
    expected = EXPECTED[name]
    assert (needed, optional, sorted(undefined)) == (expected.needed, expected.optional, list(expected.undefined))


@pytest.mark.parametrize("name", [name for name, item in EXPECTED.items() if item.format == "macho"])
def test_macholib_reads_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(fixture(name))
    parsed = MachO(str(tmp_path / name))
    needed = [text for _, _, text in parsed.headers[0].walkRelocatables()]
    undefined = sorted(text.decode().removeprefix("_") for _, text in SymbolTable(parsed).undefsyms)
    assert (needed, undefined) == (list(EXPECTED[name].needed), list(EXPECTED[name].undefined))


@pytest.mark.parametrize("wide", [False, True])
def test_a_universal_file_has_code_for_several_processors(wide: bool) -> None:
    found = inspect(universal(fixture("macos-x64.dylib"), fixture("macos-arm64.dylib"), wide=wide))
    assert found == (EXPECTED["macos-x64.dylib"], EXPECTED["macos-arm64.dylib"])


def changed(name: str, offset: int, layout: str, *values: int) -> bytes:
    data = bytearray(fixture(name))
    struct.pack_into(layout, data, offset, *values)
    return bytes(data)


@pytest.mark.parametrize("tag", [None, "DT_HASH", "DT_GNU_HASH"])
def test_symbols_are_found_without_section_headers(tag: str | None) -> None:
    """By either hash table: ``tag`` is the entry of the dynamic section that is left out."""
    data = bytearray(fixture("linux-x64.so"))
    struct.pack_into("<Q", data, 40, 0)  # e_shoff
    struct.pack_into("<HHH", data, 58, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    if tag is not None:
        struct.pack_into("<Q", data, dynamic("linux-x64.so", tag) - 8, 0x6FFFFEF0)
    assert inspect(bytes(data)) == (EXPECTED["linux-x64.so"],)


def test_an_executable_stack_is_seen() -> None:
    header = struct.pack("<II", 0x6474E551, 6)  # PT_GNU_STACK, readable and writable
    data = fixture("linux-x64.so").replace(header, struct.pack("<II", 0x6474E551, 7))
    assert inspect(data)[0].protections == ELF - {Protection.NX}


@pytest.mark.parametrize(("tag", "values"), [("DT_DEBUG", (22, 0)), ("DT_FLAGS", (30, 8 | 4))])
def test_relocations_in_code_are_seen(tag: str, values: tuple[int, int]) -> None:
    """An entry of the dynamic section becomes DT_TEXTREL, or gets DF_TEXTREL."""
    data = changed("linux-x64", dynamic("linux-x64", tag) - 8, "<QQ", *values)
    assert ELF - inspect(data)[0].protections == {Protection.READ_ONLY_CODE}


def test_marks_are_told_apart() -> None:
    """In place of the mark of both, one of SHSTK only: GNU_PROPERTY_X86_FEATURE_1_AND, 4 bytes."""
    both = struct.pack("<III", 0xC0000002, 4, 3)
    data = fixture("linux-x64-marked.so")
    assert data.count(both) == 1
    data = data.replace(both, struct.pack("<III", 0xC0000002, 4, 2))
    assert inspect(data)[0].protections - ELF == {Protection.SHADOW_STACK}


def test_code_for_another_processor_or_system_is_no_code_for_ours() -> None:
    (arm64e,) = inspect(changed("macos-arm64.dylib", 8, "<I", 0x80000002))  # cpusubtype: with signed pointers
    assert (arm64e.machine, arm64e.arches) == ("arm64e", ())
    (unknown,) = inspect(changed("linux-x64.so", 18, "<H", 4711))  # e_machine
    assert (unknown.machine, unknown.arches) == ("machine 4711", ())
    platform = struct.pack("<IIII", 0x32, 32, 1, 15 << 16)  # LC_BUILD_VERSION
    assert platform in fixture("macos-arm64.dylib")
    (phone,) = inspect(fixture("macos-arm64.dylib").replace(platform, struct.pack("<IIII", 0x32, 32, 2, 15 << 16)))
    assert (phone.system, phone.minimum) == ("ios", Minimum(name="ios", version=(15, 0)))


def test_the_minimum_of_an_old_mac_is_read() -> None:
    """Linkers before 2018 write LC_VERSION_MIN_MACOSX, whose first number is the version."""
    new = struct.pack("<IIII", 0x32, 32, 1, 15 << 16)
    old = struct.pack("<IIII", 0x24, 32, 10 << 16 | 9 << 8 | 3, 0)
    (found,) = inspect(fixture("macos-x64.dylib").replace(new, old))
    assert (found.system, found.minimum) == ("macos", Minimum(name="macos", version=(10, 9, 3)))


def test_a_big_endian_mac_file_is_read() -> None:
    """An object without load commands, of the PowerPC."""
    (found,) = inspect(struct.pack(">7I", 0xFEEDFACE, 18, 0, 1, 0, 0, 0))
    assert (found.machine, found.bits, found.kind, found.system) == ("ppc", 32, Kind.OBJECT, None)


def pe_header(name: str) -> int:
    return int(struct.unpack_from("<I", fixture(name), 60)[0])


def dynamic(name: str, tag: str) -> int:
    """Return the offset of the value of an entry of a dynamic section, 64 bits."""
    sections = ELFFile(io.BytesIO(fixture(name))).iter_sections()
    section = next(item for item in sections if isinstance(item, DynamicSection))
    tags = [entry.entry.d_tag for entry in section.iter_tags()]
    return int(section["sh_offset"]) + tags.index(tag) * 16 + 8


def versions(name: str) -> int:
    """Return the offset of the symbol versions that a file asks for."""
    section = ELFFile(io.BytesIO(fixture(name))).get_section_by_name(".gnu.version_r")
    assert section is not None
    return int(section["sh_offset"])


def system_library(name: str) -> int:
    """Return the offset of the name of the system's library in a load command."""
    return fixture(name).index(b"/usr/lib/libSystem.B.dylib")


DAMAGED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "file is not an executable of a known format"),
    "text": (lambda: b"INPUT(libother.so)", "file is not an executable of a known format"),
    "elf: only the magic": (
        lambda: fixture("linux-x64.so")[:4],
        "file is truncated: expected at least 64 bytes, got 4",
    ),
    "elf: big-endian": (lambda: changed("linux-x64.so", 5, "B", 2), "neither a 32-bit nor a 64-bit little-endian"),
    "elf: class": (lambda: changed("linux-x64.so", 4, "B", 3), "neither a 32-bit nor a 64-bit little-endian"),
    "elf: headers": (lambda: changed("linux-x64.so", 32, "<Q", 1 << 40), "file is truncated"),
    "elf: names of symbols": (
        lambda: changed("linux-x64.so", dynamic("linux-x64.so", "DT_STRTAB"), "<Q", 1 << 40),
        "STRTAB of its dynamic section points outside",
    ),
    "elf: size of names": (
        lambda: changed("linux-x64.so", dynamic("linux-x64.so", "DT_STRSZ"), "<Q", 1),
        "file is damaged: expected a name",
    ),
    "elf: count of versions": (
        lambda: changed("linux-x64.so", versions("linux-x64.so") + 2, "<H", 0xFFFF),
        "asks for more symbol versions than it has room for",
    ),
    "pe: only the magic": (lambda: b"MZ", "file is not a valid PE file: .*truncated"),
    "pe: of MS-DOS": (lambda: fixture("win-x64.pyd")[:64] + bytes(64), "file is not a valid PE file"),
    "pe: magic": (
        lambda: changed("win-x64.pyd", pe_header("win-x64.pyd") + 24, "<H", 0x30B),
        "the magic of its optional header is 0x30b",
    ),
    "pe: sections": (
        lambda: changed("win-x64.pyd", pe_header("win-x64.pyd") + 6, "<H", 0x900),
        "expected 2304 sections, got",
    ),
    "pe: imports": (
        lambda: changed("win-x64.pyd", pe_header("win-x64.pyd") + 24 + 112 + 8, "<I", 0x7FFFFFFF),
        "its imports are at address 0x7fffffff, which is in no section",
    ),
    "mach-o: only the magic": (lambda: fixture("macos-x64.dylib")[:4], "file is truncated"),
    "mach-o: a command without size": (lambda: changed("macos-x64.dylib", 36, "<I", 0), "at offset 32 has 0 bytes"),
    "mach-o: a long command": (
        lambda: changed("macos-x64.dylib", 36, "<I", 1 << 30),
        "at offset 32 has 1073741824 bytes",
    ),
    "mach-o: more commands": (
        lambda: changed("macos-x64.dylib", 16, "<I", 0xFFFFFFFF),
        "file is damaged: the load command",
    ),
    "mach-o: a segment": (lambda: changed("macos-x64.dylib", 32 + 48, "<Q", 1 << 40), "file is truncated"),
    "mach-o: name of a library": (
        lambda: changed("macos-x64.dylib", system_library("macos-x64.dylib") - 16, "<I", 9999),
        "the string of the load command at offset .* is not in it",
    ),
    "universal: a class of Java": (
        lambda: b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(64),
        "not a universal .*: it has 65 parts",
    ),
    "universal: a static library": (
        lambda: universal(b"!<arch>\n" + bytes(100)),
        "expected the magic of a Mach-O file",
    ),
    "universal: itself": (
        lambda: universal(universal(fixture("macos-x64.dylib"))),
        "expected the magic of a Mach-O file",
    ),
    "universal: cut": (lambda: universal(fixture("macos-x64.dylib"))[:20_000], "file is truncated"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(case: str) -> None:
    make_file, message = DAMAGED[case]
    with pytest.raises(PypkgError, match=message):
        inspect(make_file())


@pytest.mark.parametrize("name", sorted(all_fixtures()))
def test_a_truncated_file_is_never_accepted(name: str) -> None:
    whole = all_fixtures()[name]
    end = len(whole.rstrip(b"\0"))  # zeros at the end may be padding
    for size in {*range(0, min(end, 1000), 97), *range(1000, end, 997), end - 1}:
        with pytest.raises(PypkgError, match=r"^file "):
            inspect(whole[:size])


def test_imports_that_share_a_table_end() -> None:
    """A thousand libraries with one table of a thousand names, in a PE file without code: an import for each byte."""
    count, headers = 1000, 0x200
    names = headers + 20 * count
    section = b"".join(struct.pack("<5I", names, 0, 0, headers, names) for _ in range(count))
    section += struct.pack("<Q", 1 << 63 | 7) * count + bytes(8)
    optional = bytearray(112 + 16 * 8)  # with the data directories, of which the second is that of imports
    for offset, layout, value in ((0, "<H", 0x20B), (60, "<I", headers), (108, "<I", 16), (120, "<I", headers)):
        struct.pack_into(layout, optional, offset, value)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, len(optional), 0x2022)
    table = struct.pack("<8s6IHHI", b".idata", len(section), headers, len(section), headers, 0, 0, 0, 0, 0)
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + coff + bytes(optional) + table
    data = head.ljust(headers, b"\0") + section
    with pytest.raises(PypkgError, match="it imports more names than it has room for"):
        inspect(data)


def test_names_of_damaged_tables_are_bounded() -> None:
    """Each of many symbols may have the same long name, and a name may have no end."""
    long = View(b"a" * 0x8000 + b"\0", "file")
    with pytest.raises(PypkgError, match="file is damaged: its names are longer than itself"):
        for _ in range(100):
            long.string(0)
    with pytest.raises(PypkgError, match="file is damaged: expected a name at offset 0"):
        View(b"a" * 0x20000 + b"\0", "file").string(0)
    with pytest.raises(PypkgError, match="file is damaged: expected a name at offset 4"):
        View(b"abc\0", "file").string(4)


@pytest.mark.parametrize(("name", "shown"), [("win-x64.pyd", "PE"), ("macos-arm64", "Mach-O")])
def test_attaching_is_supported_for_elf_only(name: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(fixture(name))
    message = f"{name} is a {shown} executable: attaching to {shown} is not supported yet"
    with pytest.raises(PypkgError, match=message) as raised:
        attach_image(tmp_path / name, bytes(10), tmp_path / "out")
    assert raised.value.hint
    with pytest.raises(PypkgError, match=message):
        read_image(tmp_path / name)
    with pytest.raises(PypkgError, match=message):
        find_format(fixture(name), tmp_path / name).finish(io.BytesIO(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_first_bytes_of_every_format_are_known() -> None:
    assert {key for key, value in FORMATS.items() for magic in EXECUTABLE_MAGICS if value.matches(magic)} == set(
        FORMATS
    )
    assert all(any(item.matches(magic) for item in FORMATS.values()) for magic in EXECUTABLE_MAGICS)
    assert all(data.startswith(EXECUTABLE_MAGICS) for data in all_fixtures().values())
