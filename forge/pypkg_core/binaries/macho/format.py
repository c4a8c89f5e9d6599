"""Mach-O as an executable format: inspected; attaching an image is not supported yet."""

from __future__ import annotations

from typing import BinaryIO, NoReturn

from pypkg_core.binaries.binary import Binary
from pypkg_core.binaries.macho.inspect import inspect
from pypkg_core.binaries.magics import MACHO_MAGICS, UNIVERSAL_MAGICS
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.protocol import not_supported

__all__ = ["MachoFormat"]


class MachoFormat:
    """Mach-O, 32 and 64 bits, of either byte order, and universal files, which contain several."""

    def matches(self, data: Bytes) -> bool:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return data[:4] in (*MACHO_MAGICS, *UNIVERSAL_MAGICS)

    def inspect(self, data: Bytes, shown: object) -> tuple[Binary, ...]:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return inspect(data, shown)

    def plan(self, data: Bytes, image_size: int, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("Mach-O", shown)

    def finish(self, file: BinaryIO, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("Mach-O", shown)

    def locate(self, data: Bytes, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("Mach-O", shown)
