"""The origins of pinned archives, in the order in which they are tried."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pypkg_core.errors import UsageError
from pypkg_forge.sources.apt import debian_archives, read_sources
from pypkg_forge.sources.pins import Form, Pin

__all__ = ["Offer", "Origins", "default_origins"]

MIRROR: Final = "PYPKG_SOURCE_MIRROR"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One form of an archive at one location: a local file or a URL; it may not exist."""

    form: Form
    location: Path | str

    def __str__(self) -> str:
        return str(self.location)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origins:
    """The origins of one run: ``--source``, the mirror, upstream, this machine's Debian archives.

    Attributes:
        folder: the directory of ``--source``.
        mirror: a directory, or the URL of one.
        upstream: whether upstream's URLs are origins.
        debian: the URLs of Debian archives.
    """

    folder: Path | None = None
    mirror: Path | str | None = None
    upstream: bool = True
    debian: tuple[str, ...] = field(default=())

    def offers(self, pin: Pin) -> Iterator[Offer]:
        """Yield every location that may have ``pin``, in order."""
        for folder in (self.folder, self.mirror):
            if isinstance(folder, Path):
                for form in self._named(pin):
                    yield Offer(form=form, location=folder / form.file)
            elif folder is not None:
                for form in pin.forms:
                    yield Offer(form=form, location=f"{folder.rstrip('/')}/{form.file}")
        if self.upstream:
            for url in pin.urls:
                yield Offer(form=pin.upstream, location=url)
        repacked = pin.repacked
        if repacked is not None and pin.debian is not None:
            for archive in self.debian:
                yield Offer(form=repacked, location=f"{archive}/{pin.debian}")

    @staticmethod
    def _named(pin: Pin) -> Iterator[Form]:
        # `apt-get source --download-only` uses Debian's names, also for files that are upstream's.
        yield from pin.forms
        if pin.debian is not None and pin.debian_sha256 is None:
            yield Form(file=pin.debian.rsplit("/", 1)[1], sha256=pin.sha256, size=pin.size)


def default_origins(source: Path | None) -> Origins:
    """Return the origins of this machine; ``source`` is the directory of ``--source``.

    Raises:
        UsageError: ``source`` is not a directory, or ``PYPKG_SOURCE_MIRROR`` is neither a directory nor the URL of one.
    """
    if source is not None and not source.is_dir():
        raise UsageError(f"--source {source} is not a directory")
    return Origins(
        folder=source,
        mirror=_mirror(os.environ.get(MIRROR, "")),
        debian=tuple(debian_archives(read_sources())),
    )


def _mirror(text: str) -> Path | str | None:
    """Return the mirror that a variable names: an absolute path, the same as a ``file:`` URL (RFC 8089), or a URL."""
    if not text:
        return None
    url = urlsplit(text)
    if url.scheme in {"http", "https"}:
        return text
    folder = Path(url2pathname(url.path)) if url.scheme == "file" and url.netloc in {"", "localhost"} else Path(text)
    if not folder.is_absolute():
        raise UsageError(f"{MIRROR}: expected an absolute path, or a URL with http, https or file, got '{text}'")
    if not folder.is_dir():
        raise UsageError(f"{MIRROR}: {folder} is not a directory")
    return folder
