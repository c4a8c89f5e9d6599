"""pypkg_core._core: the runtime's reader of images, from Python."""

from __future__ import annotations

import errno

import pytest

from pypkg_core import _core


@pytest.fixture
def image(image_bytes: bytes) -> _core.Image:
    return _core.Image(image_bytes)


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
        (bytes(range(101)), None),
    ],
)
def test_xxh64(data: bytes, digest: int | None) -> None:
    """Published values; the last checks only that all tails are read without error."""
    value = _core.xxh64(data)
    assert digest is None or value == digest
    assert value == _core.xxh64(memoryview(data))


def test_lookup(image: _core.Image) -> None:
    entry = image.lookup("app/data/a.txt")
    assert (entry["path"], entry["type"], entry["size"], entry["mode"]) == ("app/data/a.txt", 1, 5, 0o444)
    assert image.lookup("app/link")["path"] == "app/data/a.txt"
    assert image.lookup("app/link", follow=False)["type"] == 3
    assert image.lookup("")["index"] == 0
    assert image.entry(entry["index"]) == entry


def test_lookup_errors(image: _core.Image) -> None:
    for path, number in (("none", errno.ENOENT), ("app/main.py/x", errno.ENOTDIR), ("app/loop", errno.ELOOP)):
        with pytest.raises(OSError, match=path) as caught:
            image.lookup(path)
        assert caught.value.errno == number
    with pytest.raises(LookupError, match="/etc"):
        image.lookup("app/out")
    with pytest.raises(IndexError):
        image.entry(10_000)


def test_listdir_is_sorted(image: _core.Image) -> None:
    names = image.listdir("app")
    assert names == sorted(names) and "secret.py" in names
    assert image.listdir("app/empty") == []
    with pytest.raises(NotADirectoryError):
        image.listdir("app/main.py")


def test_module(image: _core.Image) -> None:
    row = image.module("__main__")
    assert row is not None and row["kind"] == 1
    assert image.entry(row["entry"])["path"] == "app/main.py"
    assert image.module("absent") is None
