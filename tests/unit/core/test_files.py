"""Atomic files, dates, codecs, errors, the version."""

# ruff: noqa: S311 (seeded randomness is wanted)

from __future__ import annotations

import gzip
import os
import random
import stat
import tomllib
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.image.codecs import decode, encode
from pypkg_core.image.layout import Codec
from pypkg_core.reproducible import DEFAULT_EPOCH, source_date_epoch
from pypkg_core.version import VERSION

TEXT = b"some text, some text, some more text\n" * 50


def test_a_file_appears_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path, 0o755) as file:
        file.write(b"new")
        file.flush()
        assert not path.exists()
        assert Path(file.name).read_bytes() == b"new"
    umask = os.umask(0)
    os.umask(umask)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755 & ~umask
    assert list(tmp_path.iterdir()) == [path]


def test_an_exception_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(PypkgError, match=r"Cannot write .*file: No space left"), atomic_write(path):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError), atomic_write(path):
        (tmp_path / "other").read_bytes()
    with pytest.raises(PypkgError, match=r"Cannot write .*: No such file"), atomic_write(tmp_path / "no" / "file"):
        pass
    with pytest.raises(PypkgError, match="Cannot write"), atomic_write(tmp_path):
        pass


def test_the_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert source_date_epoch() == DEFAULT_EPOCH
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert source_date_epoch() == 1_700_000_000
    for bad in ("yesterday", "-1", "1.5", "٣", str(1 << 63)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", bad)
        with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
            source_date_epoch()


@pytest.mark.parametrize("codec", list(Codec))
def test_codecs_round_trip_and_find_damage(codec: Codec) -> None:
    stored = encode(TEXT, codec)
    assert decode(stored, codec, len(TEXT)) == TEXT
    assert encode(TEXT, codec) == stored
    for size in (len(TEXT) - 1, len(TEXT) + 1, 0):
        with pytest.raises(PypkgError):
            decode(stored, codec, size)
    with pytest.raises(PypkgError):
        decode(stored[:-1], codec, len(TEXT))
    generator = random.Random(1)
    for _ in range(200):
        damaged = bytearray(stored)
        damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            assert len(decode(bytes(damaged), codec, len(TEXT))) == len(TEXT)
        except PypkgError:
            continue


def test_others_can_decode_ours() -> None:
    assert gzip.decompress(encode(TEXT, Codec.GZIP)) == TEXT
    assert brotli.decompress(encode(TEXT, Codec.BROTLI)) == TEXT
    assert zstandard.decompress(encode(TEXT, Codec.ZSTD)) == TEXT


def test_errors_show_message_facts_and_hint() -> None:
    error = PypkgError("It failed", hint="Try again", context={"log": "/x"})
    assert str(error) == "It failed\n  log: /x\nHint: Try again"
    assert (error.exit_code, UsageError("x").exit_code) == (1, 2)


def test_the_version_is_the_one_of_the_distribution() -> None:
    document = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert document["project"]["version"] == VERSION
