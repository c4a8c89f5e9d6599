"""The executables in ``fixtures`` (made by ``make_fixtures.py``), and files that are put together from them."""

from __future__ import annotations

import functools
import gzip
import struct

from .elf_files import elf_base
from .make_fixtures import FIXTURES

__all__ = ["all_fixtures", "fixture", "universal", "with_packed_relocations"]


@functools.cache
def fixture(name: str) -> bytes:
    """Return the contents of a fixture."""
    return gzip.decompress((FIXTURES / f"{name}.gz").read_bytes())


def with_packed_relocations(name: str) -> bytes:
    """Return an ELF library of 64 bits with DT_RELR in place of DT_FLAGS_1: zig's linker cannot pack relocations."""
    flags, packed = struct.pack("<Q", 0x6FFFFFFB), struct.pack("<Q", 36)
    data = fixture(name)
    if data.count(flags) != 1:
        raise ValueError(f"{name}: expected one DT_FLAGS_1, found {data.count(flags)}")
    return data.replace(flags, packed)


def universal(*parts: bytes, wide: bool = False) -> bytes:
    """Return a universal Mach-O file; ``wide``: with 64-bit offsets (Apple's fat.h)."""
    alignment = 14
    table = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(parts))
    contents = b""
    start = 1 << alignment
    for part in parts:
        cpu = struct.unpack_from("<II", part, 4)
        row = (*cpu, start + len(contents), len(part), alignment)
        table += struct.pack(">IIQQII", *row, 0) if wide else struct.pack(">IIIII", *row)
        contents += part + bytes(-len(part) % (1 << alignment))
    return table.ljust(start, b"\0") + contents


def all_fixtures() -> dict[str, bytes]:
    """Return every fixture, a universal file, and bases without an image."""
    names = sorted(path.stem for path in FIXTURES.glob("*.gz"))
    files = {name: fixture(name) for name in names}
    files["macos-universal.dylib"] = universal(fixture("macos-x64.dylib"), fixture("macos-arm64.dylib"))
    files["base-64"] = elf_base()
    files["base-32"] = elf_base(bits=32)
    return files
