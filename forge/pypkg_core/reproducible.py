"""The only source of dates, so that the same input gives the same bytes."""

from __future__ import annotations

import os
from typing import Final

from pypkg_core.errors import UsageError

__all__ = ["DEFAULT_EPOCH", "source_date_epoch"]

DEFAULT_EPOCH: Final = 315532800
"""1980-01-01T00:00:00Z, the earliest date in a zip file: programs that zip their own files must work."""


def source_date_epoch() -> int:
    """Return the date of every file in an image, in seconds since 1970.

    ``SOURCE_DATE_EPOCH`` (reproducible-builds.org/specs/source-date-epoch), otherwise `DEFAULT_EPOCH`.

    Raises:
        UsageError: the variable is set and is not an integer from 0 to 2**63 - 1.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return DEFAULT_EPOCH
    if not (text.isascii() and text.isdigit()) or int(text) >= 1 << 63:
        raise UsageError(
            f"SOURCE_DATE_EPOCH: expected an integer, the seconds since 1970, got {text!r}",
            hint="Unset it, or set it for example with: export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
        )
    return int(text)
