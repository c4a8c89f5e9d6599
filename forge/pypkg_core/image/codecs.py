"""Encodes and decodes contents of an image; the C side is patches/runtime/image/decode.c."""

from __future__ import annotations

import struct
import zlib

import brotli  # type: ignore[import-untyped]
import zstandard

from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import Codec

__all__ = ["decode", "encode"]

# RFC 1952: no name, no date, operating system "unknown". The gzip module would write the host's operating system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


def encode(data: bytes, codec: Codec) -> bytes:
    """Return ``data`` encoded with ``codec``; the same bytes for the same input and library version."""
    if codec is Codec.GZIP:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = packer.compress(data) + packer.flush()
        return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    if codec is Codec.BROTLI:
        return bytes(brotli.compress(data, quality=11))
    if codec is Codec.ZSTD:
        return zstandard.ZstdCompressor(level=19, write_checksum=False, write_content_size=True).compress(data)
    return data


def decode(data: bytes | memoryview, codec: Codec, size: int) -> bytes:
    """Return the ``size`` bytes that ``data`` encodes.

    Raises:
        PypkgError: ``data`` is damaged or does not decode to ``size`` bytes. Never more than that is allocated, except
            for Brotli, whose Python binding has no limit.
    """
    try:
        result = _decode(bytes(data), codec, size)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise PypkgError(f"Cannot decode {codec.name.lower()} contents of an image: {error}") from error
    if len(result) != size:
        raise PypkgError(f"Contents of an image decode to {len(result)} bytes, expected {size}")
    return result


def _decode(data: bytes, codec: Codec, size: int) -> bytes:
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
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    return data
