"""Images of another format than the one that is read: what can be said about them.

Only format 1 is known. Of it, the header's offsets of the manifest are read: u64 at 72, where the strings begin, u64 at
128, where in them the manifest is, u32 at 136, its size.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import MAJOR

__all__ = ["OtherFormatError", "other_format"]

_VERSION: Final = struct.Struct("<8xH")
_STRINGS_1: Final = struct.Struct("<72xQ")
_MANIFEST_1: Final = struct.Struct("<128xQI")
# The target becomes a part of a command that is shown, so it is one word.
_TARGET: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class OtherFormatError(PypkgError):
    """An image has another format than the one that this pypkg reads.

    Args:
        major: the format.
        kind: "base" or "application" by its manifest, "" if that cannot be read.
        target: as in its manifest, "" if that cannot be read.
        path: the file that has the image, if it is known.
    """

    def __init__(self, major: int, *, kind: str, target: str, path: Path | None = None) -> None:
        self.major, self.kind, self.target = major, kind, target
        if path is None:
            what = "The image is of format"
        else:
            what = f"{path} is a base of image format" if kind == "base" else f"{path} has an image of format"
        if kind == "base" and target:
            hint = f"Make a new one: pypkg-forge build {target}"
        else:
            hint = "Update pypkg" if major > MAJOR else "Package it again with this pypkg"
        super().__init__(f"{what} {major}; this pypkg needs format {MAJOR}", hint=hint)

    def of_file(self, path: Path) -> OtherFormatError:
        """Return the error for the image in a file."""
        return OtherFormatError(self.major, kind=self.kind, target=self.target, path=path)

    def of_base(self, path: Path, target: str) -> OtherFormatError:
        """Return the error for a base, which by its name is one of ``target``."""
        return OtherFormatError(self.major, kind="base", target=self.target or target, path=path)


def other_format(view: memoryview) -> OtherFormatError:
    """Return the error for an image of another format; nothing in it is trusted."""
    (major,) = _VERSION.unpack_from(view)
    facts = _manifest_1(view) if major == 1 else {}
    kind, target = facts.get("kind"), facts.get("target")
    return OtherFormatError(
        major,
        kind=kind if isinstance(kind, str) else "",
        target=target if isinstance(target, str) and _TARGET.fullmatch(target) else "",
    )


def _manifest_1(view: memoryview) -> dict[str, object]:
    try:
        (strings,) = _STRINGS_1.unpack_from(view)
        offset, size = _MANIFEST_1.unpack_from(view)
        found = json.loads(bytes(view[strings + offset : strings + offset + size]))
    except (struct.error, ValueError, RecursionError, OverflowError):
        return {}
    return found if isinstance(found, dict) else {}
