"""What a PE file is and needs.

Headers are read with pefile. The tables of imports are read here: pefile gives up on them quietly, and leaves out names
after the first few thousand.

learn.microsoft.com/windows/win32/debug/pe-format: "The .idata Section", "Delay-Load Import Tables".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pypkg_core.binaries.binary import Binary, Kind, Minimum, Protection
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.view import View

__all__ = ["inspect"]

# Machine -> name, processors of pypkg.
_MACHINES: Final[Mapping[int, tuple[str, tuple[str, ...]]]] = {
    0x14C: ("x86", ()),
    0x1C4: ("ARM", ()),
    0x8664: ("x86-64", ("x64",)),
    0xAA64: ("ARM64", ("arm64",)),
}
_BITS: Final[Mapping[int, int]] = {0x10B: 32, 0x20B: 64}  # Magic of the optional header
_WINDOWS: Final = (2, 3)  # Subsystem: with and without windows; the others are drivers and firmware
_EXECUTABLE_IMAGE: Final = 0x0002  # Characteristics
_DLL: Final = 0x2000
_PROTECTIONS: Final[Mapping[int, Protection]] = {  # DllCharacteristics
    0x0020: Protection.HIGH_ENTROPY,
    0x0040: Protection.PIE,
    0x0100: Protection.NX,
    0x4000: Protection.CONTROL_FLOW_GUARD,
}
_IMPORTS, _CERTIFICATES, _DELAYED = 1, 4, 13  # data directories
_IMPORT: Final = struct.Struct("<IIIII")  # name table, time, forwarder chain, name, address table
_DELAYED_IMPORT: Final = struct.Struct("<IIIIIIII")  # attributes, name, module, address table, name table, ...
_RELATIVE: Final = 1  # attribute: addresses are relative to the image
_HINT_SIZE: Final = 2


def inspect(data: Bytes, shown: object) -> Binary:
    """Return what is known of a PE file.

    Raises:
        PypkgError: it is not a PE file, or is truncated or damaged.
    """
    pe = _Pe(data, shown)
    header, optional = pe.header, pe.optional
    machine, arches = _MACHINES.get(header.Machine, (f"machine {header.Machine:#x}", ()))
    needed, optional_needed, undefined = [], [], set()
    for library, names in pe.imports():
        needed.append(library)
        undefined.update(names)
    for library, names in pe.delayed_imports():
        optional_needed.append(library)
        undefined.update(names)
    protections = {value for flag, value in _PROTECTIONS.items() if optional.DllCharacteristics & flag}
    if pe.is_signed:
        protections.add(Protection.SIGNED)
    return Binary(
        format="pe",
        system="windows" if optional.Subsystem in _WINDOWS else None,
        machine=machine,
        arches=arches,
        bits=pe.bits,
        kind=_kind(header.Characteristics),
        needed=tuple(needed),
        optional=tuple(optional_needed),
        minimum=Minimum(name="windows", version=(optional.MajorSubsystemVersion, optional.MinorSubsystemVersion))
        if optional.Subsystem in _WINDOWS
        else None,
        undefined=tuple(sorted(undefined)),
        protections=frozenset(protections),
    )


def _kind(characteristics: int) -> Kind:
    if characteristics & _DLL:
        return Kind.LIBRARY
    return Kind.EXECUTABLE if characteristics & _EXECUTABLE_IMAGE else Kind.OTHER


class _Pe:
    """The headers and the imports of a file."""

    def __init__(self, data: Bytes, shown: object) -> None:
        import pefile  # noqa: PLC0415 (it takes longer to import than the command to start)

        self._view = View(data, shown)
        try:
            parsed: Any = pefile.PE(data=data, fast_load=True)
        except pefile.PEFormatError as error:
            raise self._view.error(f"is not a valid PE file: {error}") from error
        # Its objects refer to each other, so that they outlive this one: they must not keep the file open.
        parsed.__data__ = b""
        self.header = parsed.FILE_HEADER
        self.optional = parsed.OPTIONAL_HEADER
        bits = _BITS.get(self.optional.Magic)
        if bits is None:
            raise self._view.error(f"is damaged: the magic of its optional header is {self.optional.Magic:#x}")
        self.bits = bits
        if len(parsed.sections) != self.header.NumberOfSections:
            raise self._view.error(
                f"is damaged: expected {self.header.NumberOfSections} sections, got {len(parsed.sections)}"
            )
        # Address, size and file offset of what is loaded.
        self._parts = [(0, self.optional.SizeOfHeaders, 0)]
        for section in parsed.sections:
            if section.PointerToRawData:
                self._view.check(section.PointerToRawData, section.SizeOfRawData)
                self._parts.append((section.VirtualAddress, section.SizeOfRawData, section.PointerToRawData))
        # A table cannot have more entries than fit into the file; tables that overlap could.
        self._left = len(data) // (bits // 8)

    @property
    def is_signed(self) -> bool:
        """Whether it has certificates; they are not loaded, so that their address is an offset in the file."""
        directories = self.optional.DATA_DIRECTORY
        if not self._directory(_CERTIFICATES):
            return False
        self._view.check(directories[_CERTIFICATES].VirtualAddress, directories[_CERTIFICATES].Size)
        return True

    def _directory(self, number: int) -> int:
        """Return the address of a data directory, 0 if there is none."""
        directories = self.optional.DATA_DIRECTORY
        return int(directories[number].VirtualAddress) if number < len(directories) else 0

    def imports(self) -> Iterator[tuple[str, list[str]]]:
        """Return the libraries that are loaded with the file, with the names that are imported from each."""
        at = self._directory(_IMPORTS)
        while at:
            names, _, _, library, addresses = self._view.unpack(_IMPORT, self._offset(at, _IMPORT.size))
            if not library or not addresses:
                return
            yield self._string(library), list(self._names(names or addresses))
            at += _IMPORT.size
            self._count()

    def delayed_imports(self) -> Iterator[tuple[str, list[str]]]:
        """Return the libraries that are loaded when a name of theirs is first used, with these names."""
        at = self._directory(_DELAYED)
        while at:
            attributes, library, _, _, names, *_ = self._view.unpack(
                _DELAYED_IMPORT, self._offset(at, _DELAYED_IMPORT.size)
            )
            if not library:
                return
            start = 0 if attributes & _RELATIVE else self.optional.ImageBase
            yield self._string(library - start), list(self._names(names - start, start))
            at += _DELAYED_IMPORT.size
            self._count()

    def _names(self, at: int, start: int = 0) -> Iterator[str]:
        """Return the names in a table; ``start`` is subtracted from the addresses in it."""
        entry = struct.Struct("<Q" if self.bits == 64 else "<I")
        by_number = 1 << (self.bits - 1)
        while True:
            (value,) = self._view.unpack(entry, self._offset(at, entry.size))
            if not value:
                return
            yield f"#{value & 0xFFFF}" if value & by_number else self._string(value - start + _HINT_SIZE)
            at += entry.size
            self._count()

    def _string(self, address: int) -> str:
        return self._view.string(self._offset(address, 1))

    def _offset(self, address: int, size: int) -> int:
        """Return the file offset of ``size`` bytes in memory."""
        for start, length, offset in self._parts:
            if start <= address and address + size <= start + length:
                return offset + address - start
        raise self._view.error(f"is damaged: its imports are at address {address:#x}, which is in no section")

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._view.error("is damaged: it imports more names than it has room for")
