"""Downloading one file, streamed, with a limit."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Final

import requests

from pypkg_core.progress import Stage

__all__ = ["UnavailableError", "download"]

_TIMEOUT: Final = (10, 60)  # seconds to connect, and between two pieces
_PIECE: Final = 1 << 20


class UnavailableError(Exception):
    """The address cannot be reached or has no such file; the text says which, in a few words."""


def download(url: str, out: BinaryIO, *, limit: int, progress: Stage) -> str:
    """Write what is at ``url`` to ``out`` and return its SHA-256 in hex.

    Args:
        limit: bytes to accept; a longer answer is cut off one byte later, so that its hash cannot match.
        progress: told the bytes that have come.

    Raises:
        UnavailableError: no connection, no such file, or the answer breaks off.
        OSError: ``out`` cannot be written.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        # No automatic decoding of contents: the hash is of what was published.
        with requests.get(url, stream=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.status_code != requests.codes.ok:
                raise UnavailableError(f"the server answers {answer.status_code} {answer.reason}".strip())
            expected = answer.headers.get("Content-Length")
            for piece in answer.iter_content(_PIECE):
                size += len(piece)
                digest.update(piece)
                out.write(piece)
                progress.update(size, limit)
                if size > limit:
                    break
    except requests.RequestException as error:
        raise UnavailableError(_reason(error)) from error
    if size <= limit and expected is not None and expected.isdigit() and int(expected) != size:
        raise UnavailableError(f"the connection broke off after {size} of {expected} bytes")
    return digest.hexdigest()


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate cannot be verified"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    return type(error).__name__
