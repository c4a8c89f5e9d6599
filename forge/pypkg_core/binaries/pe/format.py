"""PE as an executable format: inspected; attaching an image is not supported yet."""

from __future__ import annotations

from typing import BinaryIO, NoReturn

from pypkg_core.binaries.binary import Binary
from pypkg_core.binaries.magics import PE_MAGIC
from pypkg_core.binaries.mapped import Bytes
from pypkg_core.binaries.pe.inspect import inspect
from pypkg_core.binaries.protocol import not_supported

__all__ = ["PeFormat"]


class PeFormat:
    """Portable Executable, 32 and 64 bits: programs, DLLs and Python's .pyd."""

    def matches(self, data: Bytes) -> bool:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return data[: len(PE_MAGIC)] == PE_MAGIC

    def inspect(self, data: Bytes, shown: object) -> tuple[Binary, ...]:
        """See `pypkg_core.binaries.protocol.ExecutableFormat`."""
        return (inspect(data, shown),)

    def plan(self, data: Bytes, image_size: int, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("PE", shown)

    def finish(self, file: BinaryIO, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("PE", shown)

    def locate(self, data: Bytes, shown: object) -> NoReturn:  # noqa: ARG002
        """Raise `PypkgError`: not supported yet."""
        raise not_supported("PE", shown)
