"""Checked reads from a file that may be damaged: every error names it, and what is read is bounded by its size."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from pypkg_core.binaries.mapped import Bytes
from pypkg_core.errors import PypkgError

__all__ = ["View"]

_LONGEST_NAME: Final = 0x10000  # names of C++ templates have thousands of characters


class View:
    """A file, or a part of one that has offsets of its own.

    Args:
        data: the whole file.
        shown: its name in errors.
        start: where the part begins.
        size: its size; ``None`` for the rest of the file.

    Raises:
        PypkgError: the part is not in the file.
    """

    def __init__(self, data: Bytes, shown: object, *, start: int = 0, size: int | None = None) -> None:
        self.shown = shown
        self._data = data
        self._start = start
        self.size = max(len(data) - start, 0) if size is None else size
        # Entries of a damaged table may share one long name: what all names take together is bounded.
        self._names_left = 4 * self.size + _LONGEST_NAME
        if start + self.size > len(data):
            raise self.truncated(start + self.size)

    def check(self, offset: int, size: int) -> None:
        """Raise `PypkgError` if ``size`` bytes at ``offset`` are not all there."""
        if offset < 0:
            raise self.error(f"is damaged: it refers to the offset {offset}")
        if offset + size > self.size:
            raise self.truncated(self._start + offset + size)

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes."""
        self.check(offset, size)
        return self._data[self._start + offset : self._start + offset + size]

    def unpack(self, layout: struct.Struct, offset: int) -> tuple[int, ...]:
        """Return the fields of a structure."""
        return layout.unpack(self.read(offset, layout.size))

    def rows(self, layout: struct.Struct, offset: int, count: int) -> Iterator[tuple[int, ...]]:
        """Return the fields of ``count`` structures that follow each other."""
        return layout.iter_unpack(self.read(offset, count * layout.size))

    def string(self, offset: int, end: int | None = None) -> str:
        """Return the name at ``offset``, which ends with a zero byte before ``end``."""
        end = self.size if end is None else min(end, self.size)
        first = self._start + offset
        last = self._data.find(b"\0", first, self._start + min(end, offset + _LONGEST_NAME)) if offset >= 0 else -1
        if last < 0:
            raise self.error(f"is damaged: expected a name at offset {offset}")
        self._names_left -= last - first
        if self._names_left < 0:
            raise self.error("is damaged: its names are longer than itself")
        return self._data[first:last].decode("utf-8", "backslashreplace")

    def error(self, what: str) -> PypkgError:
        """Return an error about this file."""
        return PypkgError(f"{self.shown} {what}")

    def truncated(self, expected: int) -> PypkgError:
        """Return the error that the file has fewer bytes than ``expected``."""
        return self.error(f"is truncated: expected at least {expected} bytes, got {len(self._data)}")
