"""Images whose paths are found without regard to case."""

from __future__ import annotations

import pytest

from pypkg_core._core import Image as RuntimeImage
from pypkg_core._core import fold
from pypkg_core.errors import PypkgError
from pypkg_core.image import Image, ImageBuilder, ImageFlag

from .assembler import Assembler

PATHS = ("App/Größe.TXT", "App/d/ȿ", "App/d/Ωmega", "App/d/\u01c6", "lib/ς", "x/😀é")


def image_bytes() -> bytes:
    builder = ImageBuilder(0, ImageFlag.FOLDED)
    for path in PATHS:
        builder.add_file(path, path.encode())
    return builder.build()


def test_the_writer_matches_the_independent_assembler() -> None:
    files = {path: (path.encode(), False) for path in PATHS}
    assert image_bytes() == Assembler(mtime=0, files=files, flags=1).image()


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("aPP/grÖße.txt", "App/Größe.TXT"),
        ("APP", "App"),
        ("app/D/\u2c7e", "App/d/ȿ"),
        ("app/d/ωMEGA", "App/d/Ωmega"),
        ("app/d/\u01c4", "App/d/\u01c6"),
        ("LIB/Σ", "lib/ς"),
        ("lib/\u03c3", "lib/ς"),
        ("X/😀É", "x/😀é"),
        ("App/Größe.TXT", "App/Größe.TXT"),
    ],
)
def test_both_readers_find_a_path_in_any_case(query: str, path: str) -> None:
    data = image_bytes()
    found = Image(data).lookup(query)
    assert found is not None
    assert found.path == path
    assert RuntimeImage(data).lookup(query)["path"] == path


def test_what_is_not_the_same_is_not_found() -> None:
    data = image_bytes()
    for query in ("App/Grösse.TXT", "App/d", "App/d/ω", "x/😀", "apq", "y" * 5000):
        missing = query != "App/d"
        assert (Image(data).lookup(query) is None) == missing
    with pytest.raises(FileNotFoundError):
        RuntimeImage(data).lookup("App/Grösse.TXT")
    plain = ImageBuilder(0)
    plain.add_file("App/a", b"")
    plain.add_file("app/A", b"")
    assert Image(plain.build()).lookup("APP/a") is None


def test_two_paths_that_fold_alike_are_refused() -> None:
    builder = ImageBuilder(0, ImageFlag.FOLDED)
    builder.add_file("app/Makefile", b"")
    builder.add_file("app/makefile", b"")
    with pytest.raises(PypkgError, match="'app/Makefile' and 'app/makefile' are the same path where case does not"):
        builder.build()
    builder = ImageBuilder(0, ImageFlag.FOLDED)
    builder.add_file("a/x", b"")
    builder.add_file("A/y", b"")
    with pytest.raises(PypkgError, match="'A' and 'a' are the same path"):
        builder.build()


@pytest.mark.parametrize(
    ("path", "folded"),
    [
        (b"", b""),
        (b"az{`AZ/\x7f", b"AZ{`AZ/\x7f"),
        ("µıſßŉ".encode(), "µıſßŉ".encode()),
        ("ÿĀāᾀ".encode(), "ŸĀĀᾈ".encode()),
        ("\U00010428".encode(), "\U00010428".encode()),
        (b"\xffa\xc3", b"\xffA\xc3"),
        (b"\xc1\xa1\xe0\x81\xa1", b"\xc1\xa1\xe0\x81\xa1"),  # overlong forms of "a"
        (b"\xed\xa0\x80a", b"\xed\xa0\x80A"),  # a lone surrogate, as Windows may have it
    ],
)
def test_fold(path: bytes, folded: bytes) -> None:
    assert fold(path) == folded


def test_the_longest_path() -> None:
    assert fold("ȿ".encode() * 2047 + b"a") == "\u2c7e".encode() * 2047 + b"A"
    with pytest.raises(ValueError, match="4096 bytes"):
        fold(b"a" * 4096)
