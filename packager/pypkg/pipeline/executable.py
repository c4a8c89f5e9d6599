"""Write an executable: base and image in one file, verified before it gets its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pypkg.project.outputs import Output
from pypkg_core.atomic import atomic_write
from pypkg_core.bases.record import Base
from pypkg_core.binaries import attach_image, find_format
from pypkg_core.binaries.mapped import map_file
from pypkg_core.errors import PypkgError
from pypkg_core.image import Pieces

__all__ = ["prepare_directory", "write_executable"]

_OTHER_PATH: Final = "Choose another path with --output"


def prepare_directory(path: Path) -> None:
    """Create the directory of an executable and check that it can be written, before the long work.

    Raises:
        PypkgError: it cannot be created or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PypkgError(f"Cannot write {path}: {error.strerror}", hint=_OTHER_PATH) from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PypkgError(f"Cannot write {path}: Permission denied", hint=_OTHER_PATH)


def write_executable(base: Base, image: Pieces, output: Output) -> int:
    """Write an executable and return its size in bytes.

    Args:
        base: of the target.
        image: attached to it in place of its own.
        output: its file is replaced only when everything is written and verified.

    Raises:
        PypkgError: it is larger than the target can map; it cannot be written, or differs when read back.
    """
    _check_size(base.path.stat().st_size - len(base.image) + len(image), output)
    with atomic_write(output.path, 0o755) as file:
        attach_image(base.path, image, file)
        file.flush()
        _verify(Path(file.name), image)
        return file.seek(0, os.SEEK_END)


def _check_size(size: int, output: Output) -> None:
    """Refuse an executable that its system could not map, before anything is written."""
    limit = output.target.largest_executable
    if limit is not None and size > limit:
        raise PypkgError(
            f"Cannot write {output.path}: it would have {size:,} bytes, and {output.target} can map executables of at"
            f" most {limit:,} bytes",
            hint="Package less: keep large data in files beside the executable",
        )


def _verify(path: Path, image: Pieces) -> None:
    """Read an executable back: a full or faulty disk must not leave a damaged one behind.

    Its image is looked for as the program itself will do. That its bytes are those that were assembled says more than
    its own checksums, and takes less time.
    """
    data = map_file(path)
    span = find_format(data, path).locate(data, path)
    if not image.matches(memoryview(data)[span.offset : span.offset + span.size]):
        raise PypkgError(f"Cannot write {path}: the bytes read back differ from those written")
