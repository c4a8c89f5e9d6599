"""The header, the sections, and images of other formats: docs/image-format.md."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import pytest

from pypkg_core._core import Image as RuntimeImage
from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image import Image, ImageFlag, OtherFormatError
from pypkg_core.image.layout import SECTION, Section

from .test_image import build, sample

HEADER_SIZE = 48


def sealed(data: bytearray) -> bytes:
    """Return an image whose checksum is that of its changed tables."""
    (checked,) = struct.unpack_from("<Q", data, 32)
    struct.pack_into("<Q", data, checked, xxh64(bytes(data[:checked])))
    return bytes(data)


def with_row(data: bytes, kind: int, *, new_kind: int, flags: int = 0, **numbers: int) -> bytes:
    """Return an image with one row of the directory replaced."""
    changed = bytearray(data)
    at = HEADER_SIZE + SECTION.size * (kind - 1)
    _, _, offset, size = SECTION.unpack_from(changed, at)
    SECTION.pack_into(changed, at, new_kind, flags, numbers.get("offset", offset), numbers.get("size", size))
    return sealed(changed)


def problems(data: bytes) -> tuple[str, str]:
    """Return what both readers say about an image that neither accepts."""
    with pytest.raises(PypkgError) as ours:
        Image(data)
    with pytest.raises(ValueError) as runtimes:
        RuntimeImage(data)
    return ours.value.message, str(runtimes.value)


def test_an_unknown_section_is_skipped_unless_it_is_required() -> None:
    data = build(sample())
    # Without bundles, which the rows of entries refer to, an image is damaged: the dictionaries are what is not missed.
    skipped = with_row(data, Section.DICTIONARIES, new_kind=4711)
    assert Image(skipped).manifest == sample().manifest
    assert RuntimeImage(skipped).lookup("app/main.py")["size"] == 12
    ours, runtimes = problems(with_row(data, Section.DICTIONARIES, new_kind=4711, flags=1))
    assert ours == "The image has a section that this pypkg does not know: 4711"
    assert "a section that this program needs and does not know" in runtimes
    assert Image(with_row(data, Section.MANIFEST, new_kind=Section.MANIFEST, flags=1)).manifest == sample().manifest


def test_a_later_minor_version_and_a_longer_header_are_read() -> None:
    data = bytearray(build(sample()))
    # The header becomes 24 bytes longer: the first section, which begins at the next multiple of 64, stays.
    assert HEADER_SIZE + 12 * SECTION.size + 24 < Image(data).directory.sections[Section.ENTRIES][0]
    directory = data[HEADER_SIZE : HEADER_SIZE + 12 * SECTION.size]
    data[HEADER_SIZE + 24 : HEADER_SIZE + 24 + len(directory)] = directory
    struct.pack_into("<HII", data, 10, 7, 0, HEADER_SIZE + 24)
    image = Image(sealed(data))
    assert image.manifest == sample().manifest
    assert RuntimeImage(sealed(data)).lookup("app/main.py")["size"] == 12


@pytest.mark.parametrize(
    ("change", "ours", "runtimes"),
    [
        (lambda data: with_row(data, 9, new_kind=9, offset=1 << 63), "section 9 is outside", "out of range"),
        (lambda data: with_row(data, 9, new_kind=9, size=(1 << 64) - 1), "section 9 is outside", "out of range"),
        (lambda data: with_row(data, 9, new_kind=10), "search path twice", "not valid"),
        (lambda data: with_row(data, 3, new_kind=3, size=6), "of its children are wrong", "not valid"),
        (lambda data: with_row(data, 3, new_kind=3, offset=388), "of its children are wrong", "not valid"),
        (lambda data: with_row(data, 11, new_kind=11, offset=len(data) - 64, size=2), "manifest are not", "not valid"),
        (lambda data: with_row(data, 1, new_kind=99), "no entries", "no root"),
        (lambda data: with_row(data, 2, new_kind=2, size=24), "path slots are 6", "hash table"),
        (lambda data: with_row(data, 5, new_kind=5, size=4), "module slots are 1", "hash table"),
    ],
)
def test_wrong_sections(change: Callable[[bytes], bytes], ours: str, runtimes: str) -> None:
    found = problems(change(build(sample())))
    assert ours in found[0]
    assert runtimes in found[1]


@pytest.mark.parametrize(
    ("at", "form", "value"),
    [(16, "<I", 40), (16, "<I", 52), (20, "<I", 1 << 20), (32, "<Q", 200), (32, "<Q", 1 << 63), (24, "<Q", 100)],
)
def test_wrong_headers(at: int, form: str, value: int) -> None:
    data = bytearray(build(sample()))
    struct.pack_into(form, data, at, value)
    ours, runtimes = problems(bytes(data))
    assert "sizes in its header are wrong" in ours
    assert runtimes == "the image is corrupt: header"


def test_flags() -> None:
    contents = sample()
    contents.flags = ImageFlag.NO_REENTRY
    data = bytearray(build(contents))
    assert bytes(data) == contents.image()
    assert (Image(data).flags, RuntimeImage(data).flags) == (ImageFlag.NO_REENTRY, 2)
    struct.pack_into("<I", data, 12, 2 | 1 << 16)  # one that may be ignored
    assert Image(sealed(data)).flags == ImageFlag.NO_REENTRY
    struct.pack_into("<I", data, 12, 2 | 1 << 15)
    ours, runtimes = problems(sealed(data))
    assert ours == "The image has flags that this pypkg does not know: 0x8000"
    assert "needs something that this program does not know" in runtimes


def test_entry_points_are_the_same_in_both_readers() -> None:
    data = build(sample())
    image, runtime = Image(data), RuntimeImage(data)
    found = [runtime.entry_point(number) for number in range(3)]
    assert found[0] == ("app", image.modules.index(image.entry_points[0].module), b"-O\0-Xutf8\0")
    assert found[1] == ("another", image.modules.index(image.entry_points[1].module), b"")
    assert found[2] is None


def format_1(manifest: bytes) -> bytes:
    """Return what of an image of format 1 can be read."""
    header = bytearray(160)
    struct.pack_into("<8sII", header, 0, b"PYPKGIMG", 1, 160)
    struct.pack_into("<Q", header, 72, 160)
    struct.pack_into("<QI", header, 128, 8, len(manifest))
    return bytes(header) + b"strings " + manifest


@pytest.mark.parametrize(
    ("manifest", "kind", "target"),
    [
        (json.dumps({"kind": "base", "target": "py313-linux-x64"}).encode(), "base", "py313-linux-x64"),
        (b'{"kind": "base", "target": "x64; a-command"}', "base", ""),
        (b'{"kind": "base", "target": "x64\\u001b[2J"}', "base", ""),
        (b'{"kind": 1}', "", ""),
        (b"[]", "", ""),
        (b"\xff", "", ""),
    ],
)
def test_format_1_is_recognised(manifest: bytes, kind: str, target: str) -> None:
    data = format_1(manifest)
    with pytest.raises(OtherFormatError, match="The image is of format 1; this pypkg needs format 2") as caught:
        Image(data)
    assert (caught.value.major, caught.value.kind, caught.value.target) == (1, kind, target)
    with pytest.raises(ValueError, match="another format than the one that this program reads"):
        RuntimeImage(data)
    with pytest.raises(OtherFormatError):
        Image(data[:60])


def test_a_later_format_and_no_image() -> None:
    data = bytearray(build(sample()))
    data[8] = 3
    with pytest.raises(OtherFormatError, match="format 3") as caught:
        Image(data)
    assert caught.value.hint == "Update pypkg"
    with pytest.raises(PypkgError, match="magic"):
        Image(b"x" * 500)
