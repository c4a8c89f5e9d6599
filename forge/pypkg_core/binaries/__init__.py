"""Executable formats: what a native file is and needs; attaching an image to an executable, and reading it back."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from pypkg_core.atomic import atomic_write
from pypkg_core.binaries.binary import Binary
from pypkg_core.binaries.elf.attach import ElfFormat
from pypkg_core.binaries.macho.format import MachoFormat
from pypkg_core.binaries.mapped import Bytes, map_file
from pypkg_core.binaries.pe.format import PeFormat
from pypkg_core.binaries.protocol import ExecutableFormat
from pypkg_core.errors import PypkgError
from pypkg_core.image.other_format import OtherFormatError
from pypkg_core.image.pieces import Pieces
from pypkg_core.image.reader import Image

__all__ = ["FORMATS", "attach_image", "find_format", "inspect_file", "read_image"]

FORMATS: Final[Mapping[str, ExecutableFormat]] = {
    "elf": ElfFormat(),
    "macho": MachoFormat(),
    "pe": PeFormat(),
}


def find_format(data: Bytes, shown: object) -> ExecutableFormat:
    """Return the format of an executable.

    Args:
        data: at least its first 64 bytes.
        shown: its name in errors.

    Raises:
        PypkgError: its format is unknown.
    """
    for candidate in FORMATS.values():
        if candidate.matches(data):
            return candidate
    raise PypkgError(f"{shown} is not an executable of a known format ({', '.join(sorted(FORMATS))})")


def inspect_file(path: Path) -> tuple[Binary, ...]:
    """Return what is known of a native executable, library or object, for each processor that it has code for.

    Only a universal Mach-O file has more than one.

    Raises:
        PypkgError: it cannot be read, its format is unknown, or it is truncated or damaged.
    """
    data = map_file(path)
    return find_format(data, path).inspect(data, path)


def attach_image(base: Path, image: bytes | Pieces, out: BinaryIO | Path) -> None:
    """Write ``base`` with ``image`` as its mapped image; an image that it already has is replaced.

    Args:
        base: a base or a packaged executable; it may be the same file as ``out``.
        out: an empty file that is open for reading and writing, or the path of an executable to write atomically.

    Raises:
        PypkgError: ``base`` cannot be read, is not a base, or cannot hold the image; ``out`` cannot be written.
    """
    data = map_file(base)
    image = Pieces([image]) if isinstance(image, bytes) else image
    executable = find_format(data, base)
    plan = executable.plan(data, len(image), base)
    with atomic_write(out, 0o755) if isinstance(out, Path) else contextlib.nullcontext(out) as file:
        plan.write(image, file)
        executable.finish(file, base)


def read_image(path: Path) -> Image:
    """Return the image of an executable.

    Raises:
        PypkgError: the file cannot be read, is truncated, or its image is missing, damaged or of another format
            (`OtherFormatError`).
    """
    data = map_file(path)
    span = find_format(data, path).locate(data, path)
    try:
        return Image(memoryview(data)[span.offset : span.offset + span.size])
    except OtherFormatError as error:
        raise error.of_file(path) from error
    except PypkgError as error:
        raise PypkgError(f"Cannot read the image of {path}: {error.message}", hint=error.hint) from error
