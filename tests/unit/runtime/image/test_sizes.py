"""Numbers of an image have 64 bits; a processor with 32 refuses what its memory cannot hold, and says so."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from machines import ARM, Machine
from pypkg_core.image import Codec, Image, ImageBuilder
from pypkg_core.image.layout import ENTRY, Section
from runtime_build import compile_program

from ..conftest import PROGRAMS

TOO_LARGE = "the image is larger than the memory that this processor can address"
# More than 32 bits can count, and possible with this codec.
SIZE = 1 << 33
TIME = (1 << 32) - 1
# Of `size` in an entry: docs/image-format.md.
SIZE_OFFSET = 48


def _image() -> bytes:
    builder = ImageBuilder(mtime=TIME)
    builder.add_file("large", b"".join(b"%d" % (n * 2654435761 % (1 << 32)) for n in range(1024)), codec=Codec.BROTLI)
    data = bytearray(builder.build())
    image = Image(bytes(data))
    entries, _ = image.directory.sections[Section.ENTRIES]
    number = next(number for number, entry in enumerate(image.entries) if entry.path == "large")
    struct.pack_into("<Q", data, entries + number * ENTRY.size + SIZE_OFFSET, SIZE)
    return bytes(data)


def test_sizes(machine: Machine, tmp_path: Path) -> None:
    program, image = tmp_path / "sizes", tmp_path / "image"
    image.write_bytes(_image())
    # The checksum of the tables is that of another size.
    options = [*machine.options, *machine.checks, "-DPYPKG_UNCHECKED"]
    compile_program(machine.compiler, program, [PROGRAMS / "sizes.c"], options)
    done = subprocess.run(machine.command(program, image), check=False, capture_output=True, text=True)
    is_narrow = machine.name == ARM
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:-1] == [
        "its size: fine",
        f"the largest size: {TOO_LARGE}",
        f"the largest size at the start: {TOO_LARGE}",
        f"half of what 32 bits can count: {TOO_LARGE if is_narrow else 'fine'}",
        f"a file: {SIZE} bytes, of {TIME}",
    ]
    # With 64 bits, whether the system promises so much memory; then the bytes are not decoded to this size.
    assert lines[-1] in ({"its contents: ENOMEM"} if is_narrow else {"its contents: ENOMEM", "its contents: EIO"})
