"""An image in pieces: large files are not held in memory but read when the image is written."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from pypkg_core._core import xxh64
from pypkg_core.errors import PypkgError

__all__ = ["FilePart", "Pieces"]

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePart:
    """A whole local file. Two are equal if their sizes are; contents are compared by checksum."""

    size: int
    path: Path = field(compare=False)

    def __len__(self) -> int:
        return self.size

    def checksum(self) -> int:
        """Return the XXH64 of the contents.

        Raises:
            OSError: the file cannot be read.
        """
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_READ) as view:
            return xxh64(view)

    def chunks(self) -> Iterator[bytes]:
        """Yield the contents in chunks.

        Raises:
            PypkgError: the file cannot be read, or its size has changed.
        """
        left = self.size
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    left -= len(chunk)
                    yield chunk
        except OSError as error:
            raise PypkgError(f"Cannot read {self.path}: {error.strerror}") from error
        if left:
            raise PypkgError(
                f"{self.path} changed while it was packaged: expected {self.size} bytes, got {self.size - left}"
            )


@dataclass(frozen=True, slots=True)
class Pieces:
    """A sequence of bytes in parts."""

    parts: Sequence[bytes | FilePart]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in chunks; raises as `FilePart.chunks`."""
        for part in self.parts:
            if isinstance(part, FilePart):
                yield from part.chunks()
            elif part:
                yield part

    def write(self, out: BinaryIO) -> None:
        """Write the bytes to ``out``."""
        for chunk in self.chunks():
            out.write(chunk)

    def matches(self, data: memoryview) -> bool:
        """Return whether ``data`` has the same bytes."""
        if len(self) != len(data):
            return False
        at = 0
        for chunk in self.chunks():
            # Copied, because a memoryview is compared byte by byte, which takes ten times as long.
            if bytes(data[at : at + len(chunk)]) != chunk:
                return False
            at += len(chunk)
        return True
