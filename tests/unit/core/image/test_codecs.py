"""Encoded contents whose size is a lie."""

from __future__ import annotations

import struct

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec
from pypkg_core.image.codecs import decode, encode


def zstd_frame(size: int) -> bytes:
    """Return an empty frame that claims to decode to ``size`` bytes (RFC 8878, 3.1.1)."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x01\x00\x00"


@pytest.mark.parametrize("size", [1 << 50, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
@pytest.mark.parametrize("codec", list(Codec))
def test_contents_that_cannot_be_so_large_are_an_error(codec: Codec, size: int) -> None:
    stored = zstd_frame(size) if codec is Codec.ZSTD else encode(b"x" * 100, codec)
    with pytest.raises(PypkgError, match=f"cannot decode from {len(stored)} bytes to {size}"):
        decode(stored, codec, size)


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("data", [b"", b"x", bytes(50_000_000)], ids=["empty", "byte", "zeros"])
def test_the_best_ratios_are_possible(codec: Codec, data: bytes) -> None:
    assert decode(encode(data, codec), codec, len(data)) == data
