"""The image in an ELF file: the structure of synthetic files, the behaviour of compiled programs."""

# ruff: noqa: S311 (seeded randomness is wanted)

from __future__ import annotations

import hashlib
import io
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
from elftools.elf.elffile import ELFFile

import needs
from pypkg_core.binaries import attach_image, read_image
from pypkg_core.binaries.elf.attach import ElfFormat
from pypkg_core.errors import PypkgError
from pypkg_core.image import ImageBuilder

from .elf_files import MAGIC, elf_base


def image_of(size: int) -> bytes:
    builder = ImageBuilder(0)
    builder.add_file("file", bytes(range(256)) * (size // 256))
    return builder.build()


def attach(base: bytes, image: bytes, folder: Path) -> bytes:
    (folder / "base").write_bytes(base)
    out = io.BytesIO()
    attach_image(folder / "base", image, out)
    return out.getvalue()


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("load_address", [0, 0x400000])
@pytest.mark.parametrize("note_first", [False, True])
def test_the_structure_of_the_result(bits: int, load_address: int, note_first: bool, tmp_path: Path) -> None:
    base, image = elf_base(bits=bits, load_address=load_address, note_first=note_first), image_of(70_000)
    result = attach(base, image, tmp_path)
    elf = ELFFile(io.BytesIO(result))
    segments = list(elf.iter_segments())
    loads = [segment for segment in segments if segment["p_type"] == "PT_LOAD"]
    assert len(segments) == 3
    assert len(loads) == 3
    addresses = [load["p_vaddr"] for load in loads]
    assert addresses == sorted(addresses)
    mapped = loads[-1]
    assert (mapped["p_flags"], mapped["p_align"], mapped["p_filesz"]) == (4, 0x10000, len(image))
    assert mapped["p_offset"] % 0x10000 == mapped["p_vaddr"] % 0x10000 == 0
    assert mapped["p_vaddr"] >= loads[-2]["p_vaddr"] + loads[-2]["p_memsz"]
    section, comment = elf.get_section_by_name(".note.pypkg"), elf.get_section_by_name(".comment")
    assert section is not None and comment is not None
    assert (section["sh_type"], section["sh_flags"]) == ("SHT_PROGBITS", 2)
    assert (section["sh_addr"], section["sh_offset"]) == (mapped["p_vaddr"], mapped["p_offset"])
    assert section.data() == image
    assert comment.data() == b"made by a test\0"
    assert elf["e_shoff"] > mapped["p_offset"] + len(image)
    assert elf["e_shoff"] % (bits // 8) == 0
    at = result.find(MAGIC) + len(MAGIC)
    assert struct.unpack_from("<QQ", result, at) == (mapped["p_vaddr"] - load_address, len(image))
    # The rest of the loaded part is unchanged.
    body = base[: loads[-2]["p_offset"] + loads[-2]["p_filesz"]]
    differences = [index for index in range(len(body)) if body[index] != result[index]]
    header_end = 64 + 3 * 56 if bits == 64 else 52 + 3 * 32
    assert all(index < header_end or at <= index < at + 16 for index in differences)


@pytest.mark.parametrize("bits", [32, 64])
def test_an_image_is_read_back_and_replaced(bits: int, tmp_path: Path) -> None:
    base = elf_base(bits=bits)
    first = attach(base, image_of(300_000), tmp_path)
    again = attach(first, image_of(5_000), tmp_path)
    assert again == attach(base, image_of(5_000), tmp_path)
    (tmp_path / "again").write_bytes(again)
    assert read_image(tmp_path / "again").data == image_of(5_000)
    assert attach(again, image_of(300_000), tmp_path) == first


def test_an_image_may_contain_the_locator_magic(tmp_path: Path) -> None:
    builder = ImageBuilder(0)
    builder.add_file("executable", attach(elf_base(), image_of(1000), tmp_path))
    image = builder.build()
    result = attach(elf_base(), image, tmp_path)
    (tmp_path / "out").write_bytes(result)
    assert read_image(tmp_path / "out").data == image
    assert attach(result, image, tmp_path) == result


def test_writing_to_a_path_is_atomic_and_executable(tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(elf_base())
    attach_image(tmp_path / "base", image_of(100), tmp_path / "base")
    assert (tmp_path / "base").stat().st_mode & 0o111
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
    with pytest.raises(PypkgError, match="Cannot write"):
        attach_image(tmp_path / "base", image_of(100), tmp_path / "missing" / "out")


def test_what_was_written_is_finished_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checksum or a signature is made of the whole file, and changes it."""

    def finish(self: ElfFormat, file: BinaryIO, shown: object) -> None:
        file.seek(0)
        written = file.read()
        assert (shown, (tmp_path / "out").exists()) == (tmp_path / "base", False)
        file.write(hashlib.sha256(written).digest())

    (tmp_path / "base").write_bytes(elf_base())
    plain = attach(elf_base(), image_of(100), tmp_path)
    monkeypatch.setattr(ElfFormat, "finish", finish)
    attach_image(tmp_path / "base", image_of(100), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == plain + hashlib.sha256(plain).digest()


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (b"", "not an executable of a known format"),
        (b"#!/bin/sh\n", "not an executable of a known format"),
        (b"\x7fELF", "is truncated: expected at least 64 bytes, got 4"),
        (b"\x7fELF\x02\x02" + bytes(100), "little-endian"),
        (elf_base(locators=0), "no locator"),
        (elf_base(locators=2), "more than one locator"),
        (elf_base(note=False), r"no section \.note\.pypkg"),
    ],
)
def test_what_is_no_base_is_refused(base: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(PypkgError, match=message):
        attach(base, image_of(10), tmp_path)


def test_a_base_that_loads_nothing_is_refused(tmp_path: Path) -> None:
    base = bytearray(elf_base())
    for header in range(2):
        struct.pack_into("<I", base, 64 + header * 56, 0)  # PT_NULL in place of PT_LOAD
    with pytest.raises(PypkgError, match="cannot hold the image: it has no loaded segment"):
        attach(bytes(base), image_of(10), tmp_path)


def test_a_base_without_an_image_says_so(tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(elf_base())
    with pytest.raises(PypkgError, match="without an image"):
        read_image(tmp_path / "base")
    with pytest.raises(PypkgError, match=r"Cannot read .*missing"):
        read_image(tmp_path / "missing")


def test_a_32_bit_base_has_a_limit(tmp_path: Path) -> None:
    base = elf_base(bits=32, load_address=0x7FFF0000)
    with pytest.raises(PypkgError, match="exceeds 32-bit addresses"):
        attach(base, image_of(70_000), tmp_path)


def test_truncated_and_damaged_executables_are_errors(tmp_path: Path) -> None:
    whole = attach(elf_base(), image_of(4_000), tmp_path)
    file = tmp_path / "file"
    for size in [*range(0, 700, 7), *range(700, len(whole), 997), len(whole) - 1]:
        file.write_bytes(whole[:size])
        with pytest.raises(PypkgError):
            read_image(file)
    generator = random.Random(5)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(2):
            # The ELF structures are before and after the image.
            damaged[generator.choice([generator.randrange(300), -1 - generator.randrange(600)])] = generator.randrange(
                256
            )
        file.write_bytes(damaged)
        for action in (lambda: read_image(file), lambda: attach_image(file, image_of(10), io.BytesIO())):
            try:
                action()
            except PypkgError:
                continue


PROGRAM = """
#include <stdint.h>
#include <stdio.h>
__attribute__((section(".note.pypkg"), aligned(16), used, retain))
static const unsigned char note[24] = {6, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 'p', 'y', 'p', 'k', 'g'};
__attribute__((aligned(16), used, retain)) const struct { unsigned char magic[16]; uint64_t address, size; } locator = {
    {0x8f, 0x50, 0x59, 0x50, 0x4b, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xa7, 0xd3, 0x5e, 0xc1, 0x96, 0xe4}, 0, 0};
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
char zeros[300000];
int main(void)
{
    const volatile uint64_t *location = &locator.address;
    const unsigned char *image = (const unsigned char *)__ehdr_start + location[0];
    uint64_t sum = 0;
    for (uint64_t i = 0; location[0] && i < location[1]; i++) sum += image[i];
    for (unsigned i = 0; i < sizeof zeros; i++) sum += zeros[i];
    printf("%llu\\n", (unsigned long long)sum);
    return 0;
}
"""

TARGETS = {
    "x86_64-linux-musl": ["-static-pie", "-fPIE"],
    "x86_64-linux-gnu.2.17": ["-pie", "-fPIE", "-rdynamic"],
    "aarch64-linux-musl": ["-static-pie", "-fPIE"],
}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)


@pytest.mark.forge
@pytest.mark.parametrize("target", TARGETS)
def test_linked_programs_survive_strip_and_objcopy(target: str, tmp_path: Path) -> None:
    needs.module("ziglang")
    needs.tools("readelf", "strip", "objcopy")
    (tmp_path / "program.c").write_text(PROGRAM)
    base, out = tmp_path / "base", tmp_path / "out"
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", target, "-O1", "-Wno-unused-command-line-argument")
    run(*compiler, *TARGETS[target], tmp_path / "program.c", "-o", base)
    image = image_of(1_000_000)
    attach_image(base, image, out)
    files = [out]
    if target.startswith("x86_64"):  # Debian's strip supports only its own machine
        run("strip", "-o", tmp_path / "stripped", out)
        run("objcopy", out, tmp_path / "copied")
        attach_image(tmp_path / "stripped", image, tmp_path / "replaced")
        files += [tmp_path / name for name in ("stripped", "copied", "replaced")]
    for file in files:
        assert not run("readelf", "-lSW", file).stderr
        assert read_image(file).data == image
        if target.startswith("x86_64"):
            assert run(file).stdout == f"{sum(image)}\n"
