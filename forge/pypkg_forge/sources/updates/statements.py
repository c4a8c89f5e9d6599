"""What an origin says of an archive, and how an origin is asked."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.hashing import is_sha256
from pypkg_core.progress import Reporter

__all__ = ["Answers", "BadDataError", "Statement", "checked_sha256", "checked_size", "read_url"]

# No archive of the table is near it; a larger number is a mistake of the origin.
_LARGEST_ARCHIVE: Final = 1 << 30


class BadDataError(PypkgError):
    """An origin answered with something that is not what it publishes; the message names the origin."""

    def __init__(self, origin: str, problem: str) -> None:
        super().__init__(f"Cannot use {origin}: {problem}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What one origin says of one archive.

    Attributes:
        name: of the dependency, as in sources.toml.
        version: the release, without what Debian adds to it.
        file: upstream's name of the file; Debian's if Debian repacked it.
        origin: who says so, for people.
        suite: of Debian, whose suites are one witness; ``None`` for other origins.
        sha256: ``None`` if the origin does not say.
        size: in bytes; ``None`` if the origin does not say.
        debian: the path in a Debian archive.
        repacked: the file is Debian's own, so that its hash is not that of upstream's file.
    """

    name: str
    version: str
    file: str
    origin: str
    suite: str | None = None
    sha256: str | None = None
    size: int | None = None
    debian: str | None = None
    repacked: bool = False


@dataclass(kw_only=True, slots=True)
class Answers:
    """What was learned from the origins.

    Attributes:
        asked: the number of questions that got an answer that can be used.
        not_asked: a line for each origin that gave no answer, with the reason.
        errors: a line for each origin whose answer cannot be used.
    """

    statements: list[Statement] = field(default_factory=list)
    asked: int = 0
    not_asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read_url(url: str, *, limit: int, origin: str, reporter: Reporter) -> bytes:
    """Return what is published at ``url``.

    Args:
        limit: in bytes; more than this is bad data.
        origin: names the origin in errors and to the reporter.

    Raises:
        UnavailableError: the host cannot be reached, does not have the file, or the connection breaks off.
        BadDataError: the answer is larger than ``limit``.
    """
    from pypkg_core.http import download  # noqa: PLC0415 (slow to import)

    out = io.BytesIO()
    with reporter.stage(origin) as stage:
        received = download(url, out, limit=limit, progress=stage)
    if received.size > limit:
        raise BadDataError(origin, f"expected at most {limit} bytes, got more")
    return out.getvalue()


def checked_sha256(value: object, origin: str, what: str) -> str:
    """Return ``value`` if it is a SHA-256 in lower-case hexadecimal.

    Raises:
        BadDataError: it is not; ``origin`` and ``what`` it is of are named.
    """
    if not isinstance(value, str) or not is_sha256(value):
        raise BadDataError(origin, f"{what}: expected a sha256 of 64 lower-case hexadecimal digits, got {value!r:.100}")
    return value


def checked_size(value: object, origin: str, what: str) -> int:
    """Return ``value`` if it is the size of an archive in bytes.

    Raises:
        BadDataError: it is not; ``origin`` and ``what`` it is of are named.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST_ARCHIVE:
        raise BadDataError(origin, f"{what}: expected a size of 1 to {_LARGEST_ARCHIVE} bytes, got {value!r:.100}")
    return value
