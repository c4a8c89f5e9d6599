"""A damaged packaged program runs correctly or reports the damage in one line; it never crashes or hangs.

The tests damage what the writer adds: the image, the locator, the image's program header and section headers. The
runtime cannot check its own machine code, and the operating system checks the headers that it reads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulation import command, need_kernel
from fixture_types import Assemble
from pypkg_core.binaries import find_format
from pypkg_core.binaries.elf.file import ElfFile, SegmentType
from pypkg_core.binaries.protocol import find_locator
from pypkg_core.image import Image
from pypkg_core.image.layout import HEADER, SECTION, Section

pytestmark = pytest.mark.base

RIGHT = "text data\n"
TIMEOUT = 60

# In sections that are large, the distance of the bytes that are changed; of others about 20 bytes are.
STEPS = {
    Section.ENTRIES: 9001,
    Section.PATH_SLOTS: 4001,
    Section.CHILDREN: 2003,
    Section.MODULES: 8009,
    Section.MODULE_SLOTS: 3001,
    Section.STRINGS: 9001,
}


@dataclass
class Victim:
    """An executable that is changed one byte at a time, or truncated."""

    program: Path
    path: Path
    data: bytes
    start: int
    image: Image

    def run(self) -> subprocess.CompletedProcess[str] | OSError:
        try:
            return subprocess.run(
                command(self.path, "read", like=self.program),
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                env={"HOME": "/nowhere"},
            )
        except OSError as error:
            return error

    def with_byte(self, at: int, value: int) -> subprocess.CompletedProcess[str] | OSError:
        with self.path.open("r+b") as file:
            os.pwrite(file.fileno(), bytes([value]), at)
        result = self.run()
        with self.path.open("r+b") as file:
            os.pwrite(file.fileno(), self.data[at : at + 1], at)
        return result


@pytest.fixture(scope="module")
def victim(base: Path, assemble: Assemble, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    program = assemble(base, "reader")
    path = tmp_path_factory.mktemp("victim") / "program"
    shutil.copy(program, path)
    data = path.read_bytes()
    span = find_format(data, path).locate(data, path)
    found = Victim(program, path, data, span.offset, Image(memoryview(data)[span.offset : span.offset + span.size]))
    assert _problem(found.run()) is None
    return found


def _problem(result: subprocess.CompletedProcess[str] | OSError, *, loads: bool = True) -> str | None:
    """Return what is wrong with a result, or ``None`` if the output is right or one clear message."""
    if isinstance(result, OSError):
        # The operating system reports it: "Exec format error".
        return None if not loads else f"cannot be started: {result}"
    if (result.returncode, result.stdout, result.stderr) == (0, RIGHT, ""):
        return None
    lines = result.stderr.splitlines()
    clear = len(lines) == 1 and lines[0].startswith("pypkg: ")
    # Damage to a module or file that is used later is an exception in the program.
    late = bool(lines) and lines[0].startswith("Traceback") and ("corrupt" in lines[-1] or "[Errno 5]" in lines[-1])
    if result.returncode == 1 and (clear or late) and result.stdout == "":
        return None
    return f"exit {result.returncode}, {result.stdout!r}, {result.stderr[-300:]!r}"


def _image_bytes(image: Image) -> Iterator[int]:
    """Yield offsets in the image: all of the header and the directory, then samples of each section."""
    yield from range(0, HEADER.size + SECTION.size * len(Section), 4)
    for section, (start, size) in image.directory.sections.items():
        yield from range(start, start + size, STEPS.get(section, size // 20 + 1))


def test_bytes_of_the_image(victim: Victim) -> None:
    wrong = {}
    offsets = list(_image_bytes(victim.image))
    for number, at in enumerate(offsets):
        offset = victim.start + at
        result = victim.with_byte(offset, victim.data[offset] ^ (0x01, 0x80, 0xFF)[number % 3])
        if (problem := _problem(result)) is not None:
            wrong[at] = problem
    assert wrong == {}
    assert len(offsets) > 100


def test_bytes_of_the_locator(victim: Victim) -> None:
    # The two numbers begin after the magic.
    locator = find_locator(victim.data, victim.start, victim.path)
    wrong = {}
    for at in range(16):
        for mask in (0x01, 0x10, 0x80, 0xFF):
            result = victim.with_byte(locator + at, victim.data[locator + at] ^ mask)
            if (problem := _problem(result)) is not None:
                wrong[at, mask] = problem
    assert wrong == {}


def test_section_headers(victim: Victim) -> None:
    elf = ElfFile(victim.data, victim.path)
    size = elf.layout.section.size * len(elf.sections)
    start = elf.header["shoff"]
    wrong = {at: _problem(victim.with_byte(at, victim.data[at] ^ 0xFF)) for at in range(start, start + size, 101)}
    assert {at: problem for at, problem in wrong.items() if problem is not None} == {}


def test_program_header_of_the_image(victim: Victim) -> None:
    """The kernel maps what the header says; if that overlaps the program, only the dynamic linker can report it."""
    need_kernel(victim.program, "damaged headers")
    elf = ElfFile(victim.data, victim.path)
    number = next(
        n for n, item in enumerate(elf.segments) if item.type == SegmentType.LOAD and item.offset == victim.start
    )
    start = elf.header["phoff"] + number * elf.layout.segment.size
    wrong = {}
    for at in range(elf.layout.segment.size):
        result = victim.with_byte(start + at, victim.data[start + at] ^ 0x01)
        if (problem := _problem(result, loads=False)) is not None:
            wrong[at] = problem
    overlaid = {
        at for at, text in wrong.items() if text.startswith("exit -") or "Inconsistency detected by ld.so" in text
    }
    assert {at: text for at, text in wrong.items() if at not in overlaid} == {}


def test_truncations(victim: Victim) -> None:
    need_kernel(victim.program, "shrinking files")
    sections = victim.image.directory.sections
    end = victim.start + len(victim.image)
    sizes = {len(victim.data) - 1, end + 1, end, end - 1, end - 4095, end - 4096, end - 4097}
    sizes |= {
        victim.start + at for at in (0, 1, 47, 48, 49, 4096, sections[Section.STRINGS][0], sections[Section.DATA][0])
    }
    sizes |= set(range(victim.start, len(victim.data), (len(victim.data) - victim.start) // 40))
    wrong = {}
    try:
        for size in sorted(sizes, reverse=True):
            os.truncate(victim.path, size)
            if (problem := _problem(victim.run())) is not None:
                wrong[size - victim.start] = problem
    finally:
        victim.path.write_bytes(victim.data)
    assert wrong == {}
