"""Contents that are encoded with shared dictionaries."""

# ruff: noqa: S311 (seeded randomness is wanted)

from __future__ import annotations

import random
import struct

import pytest
import zstandard

from pypkg_core._core import Image as RuntimeImage
from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec, Dictionary, Image, ImageBuilder, ModuleKind, merge_image
from pypkg_core.image.layout import Section

from .assembler import Assembler
from .test_format import sealed


def _sentence(generator: random.Random) -> bytes:
    words = ("image", "section", "offset", "module", "dictionary", "reader", "writer", "entry", "table", "packaged")
    return b" ".join(generator.choice(words).encode() + b"%d" % generator.randrange(9) for _ in range(30)) + b"\n"


def samples() -> list[bytes]:
    generator = random.Random(5)
    return [b"".join(_sentence(generator) for _ in range(4)) for _ in range(200)]


TRAINED = Dictionary(zstandard.train_dictionary(4096, [*samples()]).as_bytes())
RAW = Dictionary(b"a part that many files have, as it is " * 5)


def shared(builder: ImageBuilder) -> ImageBuilder:
    for number, text in enumerate(samples()[:5]):
        builder.add_file(f"t/{number}", text, codec=Codec.ZSTD, dictionary=TRAINED)
    builder.add_file("r", RAW.data + b"!", codec=Codec.ZSTD, dictionary=RAW)
    builder.add_file("plain", samples()[0], codec=Codec.ZSTD)
    builder.add_module("m", ModuleKind.MODULE, "r", samples()[7], codec=Codec.ZSTD, dictionary=TRAINED)
    return builder


def test_they_are_shared_and_make_contents_smaller() -> None:
    image = Image(shared(ImageBuilder(0)).build())
    image.verify()
    first, plain, raw, module = (
        *(image.lookup(path) for path in ("t/0", "plain", "r")),
        image.find_module("m"),
    )
    assert first is not None and plain is not None and raw is not None and module is not None
    assert {first.dictionary, raw.dictionary} == {1, 2}
    assert (plain.dictionary, module.dictionary) == (0, first.dictionary)
    assert image.directory.count(Section.DICTIONARIES) == 2
    assert image.read(first) == image.read(plain) == samples()[0]
    assert image.code(module) == samples()[7]
    assert first.stored_size < plain.stored_size * 0.8
    runtime = RuntimeImage(image.data)
    assert runtime.lookup("t/0")["dictionary"] == first.dictionary
    described = runtime.module("m")
    assert described is not None and described["dictionary"] == module.dictionary


def test_the_writer_matches_the_independent_assembler() -> None:
    def stored(text: bytes, dictionary: Dictionary) -> tuple[bytes, bytes]:
        prepared = zstandard.ZstdCompressionDict(dictionary.data)
        packer = zstandard.ZstdCompressor(level=19, dict_data=prepared, write_dict_id=False)
        return packer.compress(text), dictionary.data

    texts = samples()
    files = {f"t/{number}": (texts[number], False) for number in range(5)}
    encoded = {path: stored(text, TRAINED) for path, (text, _) in files.items()}
    encoded |= {"r": stored(RAW.data + b"!", RAW), "m": stored(texts[7], TRAINED)}
    encoded["plain"] = (zstandard.ZstdCompressor(level=19).compress(texts[0]), b"")
    expected = Assembler(
        mtime=0,
        files={**files, "r": (RAW.data + b"!", False), "plain": (texts[0], False)},
        modules={"m": (1, "r", texts[7])},
        encoded=encoded,
    )
    assert shared(ImageBuilder(0)).build() == expected.image()


def test_a_copy_keeps_them_and_only_what_is_used_is_written() -> None:
    data = shared(ImageBuilder(0)).build()
    builder = ImageBuilder(0)
    merge_image(builder, Image(data), withhold=lambda _: False)
    assert builder.build() == data
    builder = ImageBuilder(0)
    merge_image(builder, Image(data), withhold=lambda entry: entry.path == "r")
    assert Image(builder.build()).directory.count(Section.DICTIONARIES) == 1
    builder = ImageBuilder(0)
    builder.add_file("short", b"x", codec=Codec.ZSTD, dictionary=RAW)  # does not get smaller
    assert Image(builder.build()).directory.count(Section.DICTIONARIES) == 0


def test_more_dictionaries_than_can_be_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pypkg_core.image.assemble.MAX_DICTIONARIES", 1)
    with pytest.raises(PypkgError, match="cannot hold 2 dictionaries, only 1"):
        shared(ImageBuilder(0)).build()


def test_misuse_and_damage() -> None:
    with pytest.raises(PypkgError, match="A dictionary is for the codec zstd, not for gzip"):
        ImageBuilder(0).add_file("x", b"1" * 99, codec=Codec.GZIP, dictionary=RAW)
    data = bytearray(shared(ImageBuilder(0)).build())
    image = Image(bytes(data))
    offset, _ = image.directory.sections[Section.DICTIONARIES]
    (where,) = struct.unpack_from("<Q", data, offset)
    data[where] ^= 1
    with pytest.raises(PypkgError, match="dictionary 1 does not match its checksum"):
        Image(bytes(data))
    data[where] ^= 1
    struct.pack_into("<Q", data, offset, len(data))
    with pytest.raises(PypkgError, match="contents of dictionary 1 are outside"):
        Image(sealed(data))
    struct.pack_into("<Q", data, offset, where)
    entries, _ = image.directory.sections[Section.ENTRIES]
    number = next(number for number, entry in enumerate(image.entries) if entry.path == "t/0")
    struct.pack_into("<H", data, entries + 64 * number + 26, 3)
    with pytest.raises(PypkgError, match="'t/0': the dictionary 3 is missing"):
        Image(sealed(data))
