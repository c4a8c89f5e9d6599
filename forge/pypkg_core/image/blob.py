"""Encoded contents, with size and checksum for the reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pypkg_core._core import xxh64
from pypkg_core.image.codecs import BEST, Dictionary, decode, encode
from pypkg_core.image.layout import Codec
from pypkg_core.image.pieces import FilePart

__all__ = ["Blob"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """``stored`` bytes and their codec; ``size`` and ``checksum`` (XXH64) are those of the decoded contents.

    ``dictionary`` is the one that they were encoded with.
    """

    stored: bytes | FilePart
    codec: Codec
    size: int
    checksum: int
    dictionary: Dictionary | None = None

    @classmethod
    def of(
        cls, data: bytes, codec: Codec = Codec.NONE, dictionary: Dictionary | None = None, level: int = BEST
    ) -> Blob:
        """Encode ``data``; contents that do not get smaller are stored as they are.

        Raises:
            PypkgError: as `encode`.
        """
        stored = encode(data, codec, dictionary, level)
        if len(stored) >= len(data):
            stored, codec, dictionary = data, Codec.NONE, None
        return cls(stored=stored, codec=codec, size=len(data), checksum=xxh64(data), dictionary=dictionary)

    @classmethod
    def of_file(cls, path: Path, size: int) -> Blob:
        """Store the ``size`` bytes of a file as they are, without holding them in memory.

        Raises:
            OSError: the file cannot be read.
        """
        part = FilePart(size=size, path=path)
        return cls(stored=part, codec=Codec.NONE, size=size, checksum=part.checksum())

    def chunks(self) -> Iterator[bytes]:
        """Yield the contents in chunks; raises as `decoded` and `FilePart.chunks`."""
        if isinstance(self.stored, FilePart):
            yield from self.stored.chunks()
        else:
            yield self.decoded()

    def decoded(self) -> bytes:
        """Return the contents.

        Raises:
            PypkgError: the stored bytes are damaged.
        """
        if isinstance(self.stored, FilePart):
            return b"".join(self.stored.chunks())
        return self.stored if self.codec is Codec.NONE else decode(self.stored, self.codec, self.size, self.dictionary)
