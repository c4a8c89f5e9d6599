"""The origins of pinned archives, in the order in which they are tried."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pypkg_core.errors import UsageError
from pypkg_forge.sources.apt import debian_archives, read_sources
from pypkg_forge.sources.pins import Form, Pin

__all__ = ["Offer", "Origins", "default_origins"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One form of an archive at one location: a local file or a URL; it may not exist."""

    form: Form
    location: Path | str

    def __str__(self) -> str:
        return str(self.location)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origins:
    """The origins of one run: ``--source``, the mirror, upstream, this machine's Debian archives."""

    folder: Path | None = None
    mirror: str | None = None
    upstream: bool = True
    debian: tuple[str, ...] = field(default=())

    def offers(self, pin: Pin) -> Iterator[Offer]:
        """Yield every location that may have ``pin``, in order."""
        if self.folder is not None:
            for form in self._named(pin):
                path = self.folder / form.file
                if path.is_file():
                    yield Offer(form=form, location=path)
        if self.mirror is not None:
            for form in pin.forms:
                yield Offer(form=form, location=f"{self.mirror.rstrip('/')}/{form.file}")
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
        UsageError: ``source`` is not a directory.
    """
    if source is not None and not source.is_dir():
        raise UsageError(f"--source {source} is not a directory")
    return Origins(
        folder=source,
        mirror=os.environ.get("PYPKG_SOURCE_MIRROR") or None,
        debian=tuple(debian_archives(read_sources())),
    )
