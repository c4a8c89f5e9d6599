"""Encodes and decodes contents of an image; the C side is patches/runtime/image/decode.c."""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import brotli  # type: ignore[import-untyped]
import zstandard

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import Codec

__all__ = ["BEST", "Dictionary", "decode", "encode"]

# The level of zstd that makes contents smallest without needing more memory to decode.
BEST: Final = 19

# RFC 1952: no name, no date, operating system "unknown". The gzip module would write the host's operating system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"

# How many times larger contents can become by decoding, as in patches/runtime/image/decode.c, which says why.
_BEST_RATIO: Final[Mapping[Codec, int]] = {Codec.NONE: 1, Codec.GZIP: 1032, Codec.BROTLI: 1 << 24, Codec.ZSTD: 1 << 15}


@dataclass(frozen=True)
class Dictionary:
    """A dictionary of zstd, which contents with much in common share.

    Args:
        data: as `zstandard.train_dictionary` makes it, or any bytes that are likely to occur.
    """

    data: bytes

    @functools.cached_property
    def checksum(self) -> int:
        """The XXH64 of the dictionary."""
        return xxh64(self.data)

    @functools.cached_property
    def prepared(self) -> zstandard.ZstdCompressionDict:
        """The form that zstd's functions take."""
        return zstandard.ZstdCompressionDict(self.data)


def encode(data: bytes, codec: Codec, dictionary: Dictionary | None = None, level: int = BEST) -> bytes:
    """Return ``data`` encoded with ``codec``; the same bytes for the same input and library version.

    Args:
        level: of zstd, 1 to 19.

    Raises:
        PypkgError: there is a dictionary, and the codec is another one than zstd, or the dictionary is not valid.
    """
    if dictionary is not None and codec is not Codec.ZSTD:
        raise PypkgError(f"A dictionary is for the codec zstd, not for {codec.name.lower()}")
    if codec is Codec.GZIP:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = packer.compress(data) + packer.flush()
        return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    if codec is Codec.BROTLI:
        return bytes(brotli.compress(data, quality=11))
    if codec is Codec.ZSTD:
        prepared = dictionary.prepared if dictionary is not None else None
        try:
            return zstandard.ZstdCompressor(
                level=level, dict_data=prepared, write_checksum=False, write_content_size=True, write_dict_id=False
            ).compress(data)
        except zstandard.ZstdError as error:
            raise PypkgError(f"Cannot encode contents with zstd: {error}") from error
    return data


def decode(data: bytes | memoryview, codec: Codec, size: int, dictionary: Dictionary | None = None) -> bytes:
    """Return the ``size`` bytes that ``data`` encodes.

    Raises:
        PypkgError: ``data`` is damaged or does not decode to ``size`` bytes. Never more than that is allocated, except
            for Brotli, whose Python binding has no limit.
    """
    if size // _BEST_RATIO[codec] > len(data):
        raise PypkgError(f"Contents of an image cannot decode from {len(data)} bytes to {size}")
    try:
        result = _decode(bytes(data), codec, size, dictionary)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise PypkgError(f"Cannot decode {codec.name.lower()} contents of an image: {error}") from error
    if len(result) != size:
        raise PypkgError(f"Contents of an image decode to {len(result)} bytes, expected {size}")
    return result


def _decode(data: bytes, codec: Codec, size: int, dictionary: Dictionary | None) -> bytes:
    if codec is Codec.GZIP:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        result = unpacker.decompress(data, size + 1)
        if not unpacker.eof and len(result) == size:
            # With a full output buffer, zlib may stop before it reads the trailer.
            result += unpacker.decompress(unpacker.unconsumed_tail, 1)
        if not unpacker.eof:
            raise zlib.error("truncated or too long")
        return result
    if codec is Codec.BROTLI:
        return bytes(brotli.decompress(data))
    if codec is Codec.ZSTD:
        if zstandard.frame_content_size(data) not in (size, -1):
            raise zstandard.ZstdError(f"the frame is not for {size} bytes")
        prepared = dictionary.prepared if dictionary is not None else None
        return zstandard.ZstdDecompressor(dict_data=prepared).decompress(data, max_output_size=size)
    return data
