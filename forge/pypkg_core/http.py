"""The one downloader: streams a file, limits its size and hashes it. Import it where it is used: that is slow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import requests
import urllib3

from pypkg_core.errors import UnavailableError
from pypkg_core.progress import Stage

__all__ = ["Received", "download"]

_TIMEOUT: Final = (10, 60)  # seconds to connect, and between two chunks
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What was written: ``size`` in bytes, ``sha256`` in lower-case hexadecimal."""

    size: int
    sha256: str


def download(url: str, out: BinaryIO, *, limit: int | None, progress: Stage) -> Received:
    """Write the file at ``url`` to ``out``, byte for byte as it is published.

    Args:
        limit: the expected size in bytes; a longer file is cut off within a chunk above it. ``None``: any size.
        progress: receives the number of bytes read so far.

    Raises:
        UnavailableError: the host cannot be reached, does not have the file, or the connection breaks off.
        OSError: ``out`` cannot be written.
    """
    host = urlsplit(url).netloc
    digest = hashlib.sha256()
    size = 0
    try:
        # The hash is of the published bytes: no content encoding is asked for, and none is undone.
        with requests.get(url, stream=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.status_code != requests.codes.ok:
                raise UnavailableError(f"{host} answered {answer.status_code} {answer.reason}".strip())
            length = answer.headers.get("Content-Length", "")
            expected = int(length) if length.isdecimal() else None
            answer.raw.decode_content = False
            while chunk := _read(answer, host, size):
                size += len(chunk)
                digest.update(chunk)
                out.write(chunk)
                progress.update(size, limit or expected or 0)
                if limit is not None and size > limit:
                    return Received(size=size, sha256=digest.hexdigest())
    except (requests.ConnectionError, requests.Timeout) as error:
        raise UnavailableError(f"{host} cannot be reached ({_cause(error)})", unreachable=True) from error
    except requests.RequestException as error:
        raise UnavailableError(f"{host}: {_cause(error)}") from error
    if expected is not None and size != expected:
        raise UnavailableError(f"{host} broke off the connection after {size} of {expected} bytes")
    return Received(size=size, sha256=digest.hexdigest())


def _read(answer: requests.Response, host: str, size: int) -> bytes:
    try:
        return bytes(answer.raw.read(_CHUNK))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise UnavailableError(f"{host} broke off the connection after {size} bytes ({_cause(error)})") from error


def _cause(error: BaseException) -> str:
    """Return the innermost cause in a few words; requests and urllib3 wrap it several times."""
    cause = error
    while True:
        inner = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
        if not isinstance(inner, BaseException):
            break
        cause = inner
    if isinstance(cause, TimeoutError | requests.Timeout) or "timed out" in str(cause).lower():
        return "timed out"
    return str(cause).split(": ", 1)[-1].strip() or type(cause).__name__
