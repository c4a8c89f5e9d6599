"""Large files are read when the image is written, not before."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec, Image, ImageBuilder
from pypkg_core.image.pieces import FilePart

LARGE = bytes(range(256)) * 6000


def build(path: Path, *, read: bool) -> ImageBuilder:
    builder = ImageBuilder(0)
    builder.add_file("data/large.bin", path.read_bytes() if read else path)
    builder.add_file("data/small.txt", b"small")
    builder.set_manifest({})
    return builder


def test_a_large_file_gives_the_same_image(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    builder = build(path, read=False)
    pieces = builder.pieces()
    assert any(isinstance(part, FilePart) for part in pieces.parts)
    out = io.BytesIO()
    pieces.write(out)
    assert len(pieces) == len(out.getvalue())
    assert out.getvalue() == build(path, read=True).build()
    assert pieces.matches(memoryview(out.getvalue()))
    assert not pieces.matches(memoryview(out.getvalue()[:-16] + bytes(range(1, 17))))
    image = Image(out.getvalue())
    entry = image.lookup("data/large.bin")
    assert entry is not None
    assert image.read(entry) == LARGE
    image.verify()


def test_a_large_file_is_encoded_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    builder = ImageBuilder(0)
    builder.add_file("large.bin", path, codec=Codec.ZSTD)
    assert len(builder.build()) < len(LARGE) // 4


def test_a_file_that_changes_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    builder = build(path, read=False)
    path.write_bytes(LARGE + b"more")
    with pytest.raises(PypkgError, match=r"large\.bin changed while it was packaged"):
        builder.build()
    path.unlink()
    with pytest.raises(PypkgError, match=r"Cannot read .*large\.bin"):
        builder.build()
