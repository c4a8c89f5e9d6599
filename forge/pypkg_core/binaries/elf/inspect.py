"""What an ELF file is and needs, read from its segments, as a loader reads it.

System V ABI, gabi.xinuos.com: "Dynamic Linking"; Linux Standard Base, "Symbol Versioning" and "Note Sections"; Linux
Extensions to gABI, "Program Property".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

from pypkg_core.binaries.binary import Binary, Kind, Minimum, Protection
from pypkg_core.binaries.elf.file import ElfFile, SectionType, Segment, SegmentFlag, SegmentType
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.view import View
from pypkg_core.image.layout import align

__all__ = ["inspect"]

# e_machine -> name, processors of pypkg.
_MACHINES: Final[Mapping[int, tuple[str, tuple[str, ...]]]] = {
    3: ("x86", ()),
    8: ("MIPS", ()),
    20: ("PowerPC", ()),
    21: ("64-bit PowerPC", ()),
    22: ("S/390", ()),
    40: ("ARM", ("armv6", "armv7")),
    62: ("x86-64", ("x64",)),
    183: ("AArch64", ("arm64",)),
    243: ("RISC-V", ()),
    258: ("LoongArch", ()),
}
_SYSTEMS: Final[Mapping[int, str]] = {3: "linux", 9: "freebsd"}  # e_ident[EI_OSABI]
_OSABI: Final = 7
_UNDEFINED: Final = 0  # SHN_UNDEF
_LOCAL: Final = 0  # STB_LOCAL
_ET_REL, _ET_EXEC, _ET_DYN = 1, 2, 3
_DF_TEXTREL: Final = 4
_DF_BIND_NOW: Final = 8
_DF_1_NOW: Final = 1
_DF_1_PIE: Final = 0x08000000
_NOTE: Final = struct.Struct("<III")  # size of the name, size of the contents, type
_FREEBSD_VERSION: Final = (b"FreeBSD\0", 1)  # NT_FREEBSD_ABI_TAG: __FreeBSD_version (sys/elf_common.h)
_PROPERTIES: Final = (b"GNU\0", 5)  # NT_GNU_PROPERTY_TYPE_0
_PROPERTY: Final = struct.Struct("<II")  # type, size of the data
_FEATURES: Final = struct.Struct("<I")
_LARGEST_PROPERTIES: Final = 4096  # in bytes; linkers write less than 100
# e_machine -> the property whose bits all objects had (the psABI of the processor): its type, the protection of a bit.
_MARKS: Final[Mapping[int, tuple[int, Mapping[int, Protection]]]] = {
    3: (0xC0000002, {1: Protection.BRANCH_TARGETS, 2: Protection.SHADOW_STACK}),
    62: (0xC0000002, {1: Protection.BRANCH_TARGETS, 2: Protection.SHADOW_STACK}),
    183: (0xC0000000, {1: Protection.BRANCH_TARGETS, 4: Protection.SHADOW_STACK}),
}
_STACK_CHECK: Final = "__stack_chk_fail"
_CHECKED: Final = re.compile(r"__\w+_chk")
_NEED: Final = struct.Struct("<HHIII")  # Elfxx_Verneed: version, count, file, first name, next
_NEED_NAME: Final = struct.Struct("<IHHII")  # Elfxx_Vernaux: hash, flags, other, name, next
_GLIBC: Final = re.compile(r"GLIBC_(\d{1,4}(?:\.\d{1,4})+)")
# Some of its symbols have the version GLIBC_2.0, whatever the C library (GCC: libgcc/config/libgcc-glibc.ver); wheels
# carry it under a name of their own: libgcc_s-0bf60adc.so.1.
_LIBGCC: Final = "libgcc_s"
_MUSL: Final = "libc.musl-"  # how musl is called where it is the system's: libc.musl-x86_64.so.1
_FREEBSD_LIBC: Final = "FBSD_"  # the symbol versions of its C library begin so
_RELR_GLIBC: Final = (2, 36)  # the first that understands DT_RELR, which GLIBC_ABI_DT_RELR asks for (its NEWS)


class _Tag(IntEnum):
    """Entries of the dynamic section."""

    NEEDED = 1
    HASH = 4
    STRTAB = 5
    SYMTAB = 6
    STRSZ = 10
    RPATH = 15
    TEXTREL = 22
    BIND_NOW = 24
    RUNPATH = 29
    FLAGS = 30
    RELR = 36
    GNU_HASH = 0x6FFFFEF5
    FLAGS_1 = 0x6FFFFFFB
    VERNEED = 0x6FFFFFFE
    VERNEEDNUM = 0x6FFFFFFF


def inspect(data: Bytes, shown: object) -> Binary:
    """Return what is known of an ELF file.

    Raises:
        PypkgError: it is not a little-endian ELF file, or is truncated or damaged.
    """
    elf = ElfFile(data, shown)
    view = View(data, shown)
    kind = elf.header["type"]
    machine, arches = _MACHINES.get(elf.header["machine"], (f"machine {elf.header['machine']}", ()))
    interpreter = next((_text(view, item) for item in elf.segments if item.type == SegmentType.INTERP), None)
    dynamic = _Dynamic(elf, view)
    system, minimum = _minimum(elf, view, dynamic.versions())
    needed = dynamic.strings(_Tag.NEEDED)
    undefined = _undefined_in_object(elf, view) if kind == _ET_REL else dynamic.undefined()
    return Binary(
        format="elf",
        system=system,
        machine=machine,
        arches=arches,
        bits=elf.layout.bits,
        kind=_kind(kind, program=interpreter is not None or dynamic.is_program),
        needed=needed,
        run_paths=dynamic.run_paths,
        interpreter=interpreter,
        libc=_libc(needed, minimum),
        minimum=minimum,
        undefined=undefined,
        protections=frozenset(_protections(elf, view, dynamic, undefined)),
        packed_relocations=dynamic.packs_relocations,
    )


def _minimum(elf: ElfFile, view: View, versions: Collection[str]) -> tuple[str | None, Minimum | None]:
    """Return the system that the file was made for, and the oldest C library or release that it runs with."""
    glibc = max((version for name in versions if (version := _glibc_version(name))), default=None)
    if glibc is not None:
        return "linux", Minimum(name="glibc", version=glibc)
    freebsd = _freebsd_version(elf, view)
    if freebsd is not None:
        return "freebsd", Minimum(name="freebsd", version=freebsd)
    if any(name.startswith(_FREEBSD_LIBC) for name in versions):
        return "freebsd", None
    return _SYSTEMS.get(view.read(_OSABI, 1)[0]), None


def _libc(needed: Sequence[str], minimum: Minimum | None) -> str | None:
    if any(name.startswith(_MUSL) for name in needed):
        return "musl"
    return minimum.name if minimum is not None else None


def _kind(kind: int, *, program: bool) -> Kind:
    if kind == _ET_DYN:
        return Kind.EXECUTABLE if program else Kind.LIBRARY
    return {_ET_REL: Kind.OBJECT, _ET_EXEC: Kind.EXECUTABLE}.get(kind, Kind.OTHER)


def _protections(elf: ElfFile, view: View, dynamic: _Dynamic, undefined: Sequence[str]) -> Iterator[Protection]:
    if elf.header["type"] == _ET_DYN:
        yield Protection.PIE
    for segment in elf.segments:
        if segment.type == SegmentType.GNU_STACK and not segment.flags & SegmentFlag.EXECUTE:
            yield Protection.NX
        elif segment.type == SegmentType.GNU_RELRO:
            yield Protection.RELRO
    if dynamic.binds_now:
        yield Protection.BIND_NOW
    if elf.header["type"] != _ET_REL and not dynamic.changes_code:
        yield Protection.READ_ONLY_CODE
    if _STACK_CHECK in undefined:
        yield Protection.STACK_PROTECTOR
    if any(map(_CHECKED.fullmatch, undefined)):
        yield Protection.FORTIFIED
    yield from _marks(elf, view)


def _marks(elf: ElfFile, view: View) -> Iterator[Protection]:
    """Yield the protections that the linker found marked in every object."""
    wanted, bits = _MARKS.get(elf.header["machine"], (0, {}))
    for contents, size in _notes(elf, view, SegmentType.GNU_PROPERTY, _PROPERTIES):
        if size > _LARGEST_PROPERTIES:
            raise view.error("is damaged: its properties are too large")
        at, end = contents, contents + size
        while at + _PROPERTY.size <= end:
            kind, length = view.unpack(_PROPERTY, at)
            at += _PROPERTY.size
            if kind == wanted and length == _FEATURES.size:
                (features,) = view.unpack(_FEATURES, at)
                yield from (protection for bit, protection in bits.items() if features & bit)
            at += align(length, elf.layout.bits // 8)
        return


def _text(view: View, segment: Segment) -> str:
    return view.string(segment.offset, segment.offset + segment.filesz)


def _freebsd_version(elf: ElfFile, view: View) -> tuple[int, int] | None:
    """Return major and minor version of the FreeBSD that the file was made for."""
    for contents, size in _notes(elf, view, SegmentType.NOTE, _FREEBSD_VERSION):
        if size == 4:
            version = int.from_bytes(view.read(contents, 4), "little")
            return version // 100_000, version // 1000 % 100
    return None


def _notes(elf: ElfFile, view: View, where: SegmentType, wanted: tuple[bytes, int]) -> Iterator[tuple[int, int]]:
    """Yield where the contents of each note of a name and a type are, and their size, in bytes."""
    left = view.size // _NOTE.size
    for segment in elf.segments:
        if segment.type != where:
            continue
        at, end = segment.offset, segment.offset + segment.filesz
        while at + _NOTE.size <= end:
            left -= 1
            if left < 0:
                raise view.error("is damaged: its notes overlap")
            name_size, size, kind = view.unpack(_NOTE, at)
            at += _NOTE.size
            contents = at + align(name_size, 4)
            if (view.read(at, min(name_size, 8)), kind) == wanted:
                yield contents, size
            at = contents + align(size, 4)


def _undefined_in_object(elf: ElfFile, view: View) -> tuple[str, ...]:
    section = next((item for item in elf.sections if item.type == SectionType.SYMTAB), None)  # the ABI allows one
    if section is None:
        return ()
    if section.link >= len(elf.sections):
        raise view.error("is damaged: the names of its symbols are missing")
    names = elf.sections[section.link]
    count = section.size // elf.layout.symbol.size
    return _undefined(elf, view, section.offset, count, (names.offset, names.size))


def _undefined(elf: ElfFile, view: View, offset: int, count: int, names: tuple[int, int]) -> tuple[str, ...]:
    """Return the names of undefined symbols of a table; ``names`` is where names are: offset and size."""
    start, size = names
    found = {
        view.string(start + name, start + size)
        for name, info, _, section in view.rows(elf.layout.symbol, offset, count)
        if section == _UNDEFINED and info >> 4 != _LOCAL
    }
    return tuple(sorted(found))


class _Dynamic:
    """The dynamic section; a file without one needs nothing."""

    def __init__(self, elf: ElfFile, view: View) -> None:
        self._elf = elf
        self._view = view
        self._values: dict[int, list[int]] = {}
        layout = elf.layout.dynamic
        segment = next((item for item in elf.segments if item.type == SegmentType.DYNAMIC), None)
        if segment is None:
            return
        for tag, value in view.rows(layout, segment.offset, segment.filesz // layout.size):
            if tag == 0:  # DT_NULL
                break
            self._values.setdefault(tag, []).append(value)

    @property
    def is_program(self) -> bool:
        """Whether it is marked as an executable: a static one names no loader."""
        return bool(self._first(_Tag.FLAGS_1) & _DF_1_PIE)

    @property
    def binds_now(self) -> bool:
        """Whether functions are bound when the file is loaded."""
        return (
            _Tag.BIND_NOW in self._values
            or bool(self._first(_Tag.FLAGS) & _DF_BIND_NOW)
            or bool(self._first(_Tag.FLAGS_1) & _DF_1_NOW)
        )

    @property
    def packs_relocations(self) -> bool:
        """Whether its relative relocations are packed."""
        return _Tag.RELR in self._values

    @property
    def changes_code(self) -> bool:
        """Whether the loader must write to code."""
        return _Tag.TEXTREL in self._values or bool(self._first(_Tag.FLAGS) & _DF_TEXTREL)

    @property
    def run_paths(self) -> tuple[str, ...]:
        """Where needed libraries are looked for."""
        texts = self.strings(_Tag.RPATH) + self.strings(_Tag.RUNPATH)
        return tuple(path for text in texts for path in text.split(":") if path)

    def strings(self, tag: _Tag) -> tuple[str, ...]:
        """Return the strings of all entries with a tag."""
        return tuple(map(self._string, self._values.get(tag, ())))

    def undefined(self) -> tuple[str, ...]:
        """Return the names of undefined dynamic symbols."""
        if _Tag.SYMTAB not in self._values:
            return ()
        table, names = self._offset(_Tag.SYMTAB), (self._offset(_Tag.STRTAB), self._first(_Tag.STRSZ))
        return _undefined(self._elf, self._view, table, self._symbol_count(table), names)

    def _symbol_count(self, table: int) -> int:
        """Return how many dynamic symbols there are, or how many come before the first defined one.

        Args:
            table: the file offset of the symbols.
        """
        for section in self._elf.sections:
            if section.type == SectionType.DYNSYM and section.offset == table:
                return section.size // self._elf.layout.symbol.size
        number = struct.Struct("<I")
        if _Tag.HASH in self._values:  # bucket count, symbol count
            return self._view.unpack(number, self._offset(_Tag.HASH) + 4)[0]
        if _Tag.GNU_HASH in self._values:  # bucket count, number of the first symbol in the table: a defined one
            return self._view.unpack(number, self._offset(_Tag.GNU_HASH) + 4)[0]
        return 0

    def versions(self) -> list[str]:
        """Return the symbol versions that it asks for, but for those of the compiler's library."""
        found: list[str] = []
        if _Tag.VERNEED not in self._values:
            return found
        left = self._view.size // _NEED.size
        at = self._offset(_Tag.VERNEED)
        for _ in range(self._first(_Tag.VERNEEDNUM)):
            _, count, file, first, following = self._view.unpack(_NEED, at)
            left -= 1 + count
            if left < 0:
                raise self._view.error("is damaged: it asks for more symbol versions than it has room for")
            name_at = at + first
            of_compiler = self._string(file).startswith(_LIBGCC)
            for _ in range(count):
                _, _, _, name, next_name = self._view.unpack(_NEED_NAME, name_at)
                if not of_compiler:
                    found.append(self._string(name))
                name_at += next_name
            if following == 0:
                break
            at += following
        return found

    def _string(self, value: int) -> str:
        table = self._offset(_Tag.STRTAB)
        return self._view.string(table + value, table + self._first(_Tag.STRSZ))

    def _offset(self, tag: _Tag) -> int:
        """Return the file offset of the address in an entry."""
        address = self._first(tag)
        for segment in self._elf.loads:
            if segment.vaddr <= address < segment.vaddr + segment.filesz:
                return segment.offset + address - segment.vaddr
        raise self._view.error(f"is damaged: {tag.name} of its dynamic section points outside of it")

    def _first(self, tag: _Tag) -> int:
        return self._values.get(tag, [0])[0]


def _glibc_version(name: str) -> tuple[int, ...] | None:
    if name == "GLIBC_ABI_DT_RELR":
        return _RELR_GLIBC
    match = _GLIBC.fullmatch(name)
    return tuple(map(int, match[1].split("."))) if match else None
