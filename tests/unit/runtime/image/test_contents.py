"""Decoding in C gives what the Python reader gives, with shared dictionaries and without."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

import needs
from pypkg_core._core import xxh64
from pypkg_core.image import Codec, Dictionary, Image, ImageBuilder, ModuleKind
from pypkg_core.image.layout import ENTRY, Section
from runtime_build import compile_program, has_codecs

from ..conftest import PROGRAMS, sanitizers

TEXT = b"".join(b"line %d of what is packaged, with a word or two in common\n" % number for number in range(40))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler, folder = needs.compiler(), tmp_path_factory.mktemp("contents")
    if not has_codecs(compiler, folder):
        needs.unmet(
            "The headers of the decoders are missing", "Debian: apt-get install zlib1g-dev libbrotli-dev libzstd-dev"
        )
    compile_program(compiler, folder / "contents", [PROGRAMS / "contents.c"], sanitizers(compiler, folder), codecs=True)
    return folder / "contents"


def dictionaries_in_turn(seed: bytes, count: int) -> bytes:
    """Return an image whose files use ``count`` dictionaries in turn."""
    builder = ImageBuilder(0)
    shared = [Dictionary(seed + b"dictionary %d " % number + TEXT[number::7]) for number in range(count)]
    for number in range(3 * count):
        text = shared[number % count].data[5:] + b"%d" % number
        builder.add_file(f"f{number:02}", text, codec=Codec.ZSTD, dictionary=shared[number % count])
    for codec in Codec:
        builder.add_file(f"plain-{codec.name}", TEXT, codec=codec)
    builder.add_module("m", ModuleKind.MODULE, "f00", TEXT, codec=Codec.ZSTD, dictionary=shared[0])
    return builder.build()


def expected(data: bytes) -> list[str]:
    image = Image(data)
    lines = [f"e{number} 0 {xxh64(image.read(entry)):016x}" for number, entry in enumerate(image.entries) if entry.path]
    lines += [f"m{number} 0 {xxh64(image.code(module) or b''):016x}" for number, module in enumerate(image.modules)]
    return lines


def run(program: Path, folder: Path, *images: bytes) -> list[str]:
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / str(number))
        paths[-1].write_bytes(image)
    done = subprocess.run([program, *paths], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_several_dictionaries_and_images(program: Path, tmp_path: Path) -> None:
    # Two images whose dictionaries have the same numbers and sizes; more dictionaries than are kept.
    images = [dictionaries_in_turn(seed, count) for seed, count in ((b"one", 3), (b"two", 3), (b"one", 9))]
    assert Image(images[2]).directory.count(Section.DICTIONARIES) == 9
    lines = run(program, tmp_path, *images, images[0])
    assert lines == [line for image in (*images, images[0]) for line in 2 * expected(image)]


@pytest.mark.parametrize(("codec", "dictionary"), [(3, 4), (3, 0xFFFF), (0, 1), (1, 1)])
def test_a_wrong_dictionary_is_an_input_output_error(
    program: Path, tmp_path: Path, codec: int, dictionary: int
) -> None:
    data = bytearray(dictionaries_in_turn(b"one", 3))
    image = Image(bytes(data))
    entries, _ = image.directory.sections[Section.ENTRIES]
    struct.pack_into("<BHHH", data, entries + ENTRY.size + 21, codec, 0o444, 0, dictionary)
    if codec == 0:
        struct.pack_into("<Q", data, entries + ENTRY.size + 48, image.entries[1].stored_size)
    lines = run(program, tmp_path, bytes(data))
    assert lines[0] == "e1 EIO 0000000000000000"
    assert lines[1] == expected(dictionaries_in_turn(b"one", 3))[1]


def test_a_damaged_dictionary_is_an_input_output_error(program: Path, tmp_path: Path) -> None:
    data = bytearray(dictionaries_in_turn(b"one", 3))
    offset, _ = Image(bytes(data)).directory.sections[Section.DICTIONARIES]
    (first,) = struct.unpack_from("<Q", data, offset)
    sound = expected(bytes(data))
    data[first] ^= 1
    lines = run(program, tmp_path, bytes(data))
    uses = {number for number, line in enumerate(lines) if line.split()[1] == "EIO"}
    # Three files and the module, or three files: whose dictionary sorts first; in both rounds.
    assert len(uses) in (6, 8)
    assert [line for number, line in enumerate(lines) if number not in uses] == [
        line for number, line in enumerate(2 * sound) if number not in uses
    ]
