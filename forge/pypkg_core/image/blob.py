"""Contents on their way into an image: encoded, with what a reader needs to decode and check them."""

from __future__ import annotations

from dataclasses import dataclass

from pypkg_core._core import xxh64
from pypkg_core.image.codecs import decode, encode
from pypkg_core.image.layout import Codec

__all__ = ["Blob"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """Stored bytes, the codec that they are in, size in bytes and XXH64 after decoding."""

    stored: bytes
    codec: Codec
    size: int
    checksum: int

    @classmethod
    def of(cls, data: bytes, codec: Codec = Codec.NONE) -> Blob:
        """Encode ``data``; contents that do not get smaller (compressed already, or tiny) stay as they are."""
        stored = encode(data, codec)
        if len(stored) >= len(data):
            stored, codec = data, Codec.NONE
        return cls(stored=stored, codec=codec, size=len(data), checksum=xxh64(data))

    def decoded(self) -> bytes:
        """Return the contents.

        Raises:
            PypkgError: the stored bytes are damaged.
        """
        return self.stored if self.codec is Codec.NONE else decode(self.stored, self.codec, self.size)
