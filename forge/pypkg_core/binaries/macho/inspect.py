"""What a Mach-O file is and needs (Apple's loader.h, fat.h, nlist.h; the structures are macholib's)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pypkg_core.binaries.binary import Binary, Kind, Minimum, Protection
from pypkg_core.binaries.magics import MACHO_MAGICS, UNIVERSAL_MAGICS
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.view import View

__all__ = ["inspect"]

# cputype -> name, processors of pypkg.
_ARM64: Final = 0x0100000C
_ARM64E: Final = 2  # cpusubtype: pointers are signed; ordinary programs cannot load it
_MACHINES: Final[Mapping[int, tuple[str, tuple[str, ...]]]] = {
    7: ("i386", ()),
    12: ("arm", ()),
    18: ("ppc", ()),
    0x01000007: ("x86_64", ("x64",)),
    _ARM64: ("arm64", ("arm64",)),
    0x01000012: ("ppc64", ()),
}
_SUBTYPE: Final = 0x00FFFFFF  # without the flags
# Universal files of today have two or three parts; in a Java class this is a version, 45 or more.
_MOST_PARTS: Final = 44
_KINDS: Final[Mapping[int, Kind]] = {1: Kind.OBJECT, 2: Kind.EXECUTABLE, 6: Kind.LIBRARY, 8: Kind.LIBRARY}
_ALLOW_STACK_EXECUTION: Final = 0x20000  # flags of the header
_PIE: Final = 0x200000
_SYMBOLS: Final = {32: "IBBHI", 64: "IBBHQ"}  # nlist: name, type, section, description, value
_DEBUGGING: Final = 0xE0  # N_STAB
_TYPE: Final = 0x0E  # N_TYPE, of which 0 is N_UNDF
_EXTERNAL: Final = 0x01  # N_EXT


def inspect(data: Bytes, shown: object) -> tuple[Binary, ...]:
    """Return what is known of a Mach-O file, for each processor that it has code for.

    Raises:
        PypkgError: it is not a Mach-O file, or is truncated or damaged.
    """
    view = View(data, shown)
    if data[:4] not in UNIVERSAL_MAGICS:
        return (_Part(view).binary(),)
    return tuple(_Part(View(data, shown, start=start, size=size)).binary() for start, size in _parts(view))


def _parts(view: View) -> list[tuple[int, int]]:
    """Return offset and size of each part of a universal file; its header is big-endian."""
    from macholib import mach_o  # noqa: PLC0415

    header = _structure(view, mach_o.fat_header, 0, ">")
    if not 0 < header.nfat_arch <= _MOST_PARTS:
        raise view.error(f"is not a universal Mach-O file: it has {int(header.nfat_arch)} parts")
    layout = mach_o.fat_arch64 if header.magic == mach_o.FAT_MAGIC_64 else mach_o.fat_arch
    start, size = int(mach_o.fat_header._size_), int(layout._size_)
    rows = [_structure(view, layout, start + number * size, ">") for number in range(header.nfat_arch)]
    return [(int(row.offset), int(row.size)) for row in rows]


def _structure(view: View, layout: Any, offset: int, order: str) -> Any:
    return layout.from_str(view.read(offset, layout._size_), _endian_=order)


class _Part:
    """A Mach-O file for one processor."""

    def __init__(self, view: View) -> None:
        from macholib import mach_o  # noqa: PLC0415

        self._mach_o: Any = mach_o
        self._view = view
        magic = view.read(0, 4)
        if magic not in MACHO_MAGICS:
            raise view.error(f"is damaged: expected the magic of a Mach-O file, got {magic.hex()}")
        self._order = "<" if magic[-1] == 0xFE else ">"
        self._bits = 64 if 0xCF in magic else 32
        layout = mach_o.mach_header_64 if self._bits == 64 else mach_o.mach_header
        self._header = _structure(view, layout, 0, self._order)
        self._commands: dict[int, list[tuple[int, int]]] = {}
        at = layout._size_
        end = at + self._header.sizeofcmds
        for _ in range(self._header.ncmds):
            command = _structure(view, mach_o.load_command, at, self._order)
            size = int(command.cmdsize)
            if size < mach_o.load_command._size_ or at + size > end:
                raise view.error(f"is damaged: the load command at offset {at} has {size} bytes")
            self._commands.setdefault(int(command.cmd), []).append((at, size))
            at += size
        self._check_segments()

    def binary(self) -> Binary:
        """Return what is known of it."""
        lc, header = self._mach_o, self._header
        cpu = int(header.cputype)
        machine, arches = _MACHINES.get(cpu, (f"machine {cpu:#x}", ()))
        if cpu == _ARM64 and int(header.cpusubtype) & _SUBTYPE == _ARM64E:
            machine, arches = "arm64e", ()
        kind = _KINDS.get(int(header.filetype), Kind.OTHER)
        system, minimum = self._minimum()
        return Binary(
            format="macho",
            system=system,
            machine=machine,
            arches=arches,
            bits=self._bits,
            kind=kind,
            needed=tuple(self._strings(lc.LC_LOAD_DYLIB, lc.LC_REEXPORT_DYLIB, lc.LC_LOAD_UPWARD_DYLIB)),
            optional=tuple(self._strings(lc.LC_LOAD_WEAK_DYLIB, lc.LC_LAZY_LOAD_DYLIB)),
            run_paths=tuple(self._strings(lc.LC_RPATH)),
            interpreter=next(self._strings(lc.LC_LOAD_DYLINKER), None),
            minimum=minimum,
            undefined=self._undefined(),
            protections=frozenset(self._protections(kind)),
        )

    def _check_segments(self) -> None:
        """Raise `PypkgError` if a segment is not in the file."""
        lc = self._mach_o
        for command, layout in ((lc.LC_SEGMENT, lc.segment_command), (lc.LC_SEGMENT_64, lc.segment_command_64)):
            for row in self._arguments(command, layout):
                self._view.check(int(row.fileoff), int(row.filesize))

    def _protections(self, kind: Kind) -> Iterator[Protection]:
        flags = int(self._header.flags)
        if kind is Kind.LIBRARY or flags & _PIE:
            yield Protection.PIE
        if not flags & _ALLOW_STACK_EXECUTION:
            yield Protection.NX
        if self._mach_o.LC_CODE_SIGNATURE in self._commands:
            yield Protection.SIGNED

    def _minimum(self) -> tuple[str | None, Minimum | None]:
        """Return the system that it was made for, and its oldest version; a version has the nibbles xxxx.yy.zz."""
        lc = self._mach_o
        if lc.LC_BUILD_VERSION in self._commands:
            row = next(self._arguments(lc.LC_BUILD_VERSION, lc.build_version_command))
            number = int(row.platform)
            name, version = str(lc.PLATFORM_NAMES.get(number, f"platform {number}")).lower(), int(row.minos)
        elif lc.LC_VERSION_MIN_MACOSX in self._commands:
            name = "macos"
            version = int(next(self._arguments(lc.LC_VERSION_MIN_MACOSX, lc.version_min_command)).version)
        else:
            return None, None
        numbers = (version >> 16, version >> 8 & 0xFF, version & 0xFF)
        return name, Minimum(name=name, version=numbers if numbers[2] else numbers[:2])

    def _strings(self, *commands: int) -> Iterator[str]:
        """Return the strings of load commands of these kinds, in the order of the file."""
        at_name = self._mach_o.load_command._size_
        for at, size in sorted(item for command in commands for item in self._commands.get(command, ())):
            offset = int(_structure(self._view, self._mach_o.p_uint32, at + at_name, self._order))
            if not at_name < offset < size:
                raise self._view.error(f"is damaged: the string of the load command at offset {at} is not in it")
            # It may fill its command without a zero byte.
            yield self._view.read(at + offset, size - offset).split(b"\0")[0].decode("utf-8", "backslashreplace")

    def _arguments(self, command: int, layout: Any) -> Iterator[Any]:
        """Return what follows kind and size in each load command of a kind."""
        start = int(self._mach_o.load_command._size_)
        for at, size in self._commands.get(command, ()):
            if size < start + layout._size_:
                raise self._view.error(f"is damaged: the load command at offset {at} has {size} bytes")
            yield _structure(self._view, layout, at + start, self._order)

    def _undefined(self) -> tuple[str, ...]:
        """Return the names of undefined symbols, without the underscore that Mach-O puts before each name of C."""
        if self._mach_o.LC_SYMTAB not in self._commands:
            return ()
        row = next(self._arguments(self._mach_o.LC_SYMTAB, self._mach_o.symtab_command))
        names, end = int(row.stroff), int(row.stroff) + int(row.strsize)
        layout = struct.Struct(self._order + _SYMBOLS[self._bits])
        return tuple(
            sorted(
                {
                    self._view.string(names + name, end).removeprefix("_")
                    for name, kind, _, _, value in self._view.rows(layout, int(row.symoff), int(row.nsyms))
                    if kind & _EXTERNAL and not kind & _DEBUGGING and kind & _TYPE == 0 and not value
                }
            )
        )
