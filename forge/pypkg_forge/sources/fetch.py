"""Gets pinned archives from the cache or an origin. An archive is accepted only if its hash matches the pin."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pypkg_core.atomic import atomic_write
from pypkg_core.cache import locked, sources_dir
from pypkg_core.errors import UnavailableError
from pypkg_core.hashing import file_sha256
from pypkg_core.http import download
from pypkg_core.progress import QUIET, Reporter, Stage
from pypkg_forge.sources.origins import Offer, Origins
from pypkg_forge.sources.pins import Form, Pin

__all__ = ["Fetcher", "Source"]

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A verified archive in the cache; ``sha256`` is the hash of the form that was found."""

    pin: Pin
    path: Path
    sha256: str


@dataclass(kw_only=True, slots=True)
class Fetcher:
    """Gets the archives of one run.

    Attributes:
        dead: hosts that did not answer and are not tried again -> the reason.
    """

    origins: Origins
    reporter: Reporter = field(default_factory=lambda: QUIET)
    dead: dict[str, str] = field(default_factory=dict)

    def cached(self, pin: Pin) -> Source | None:
        """Return the archive of ``pin`` from the cache; a damaged one is deleted and reported."""
        for form in pin.forms:
            path = sources_dir() / form.file
            if not path.is_file():
                continue
            problem = _problem(path, form)
            if problem is None:
                return Source(pin=pin, path=path, sha256=form.sha256)
            path.unlink(missing_ok=True)
            self.reporter.say(f"Deleted the damaged archive {path}: {problem}")
        return None

    def fetch_first(self, name: str, pins: Iterable[Pin]) -> Source:
        """Return the first of ``pins`` that the cache or an origin has.

        Raises:
            UnavailableError: no origin has one of them; what each of them said is listed.
        """
        attempts: list[str] = []
        forms: list[Form] = []
        for pin in pins:
            source = self._fetch(pin, attempts)
            if source is not None:
                return source
            forms += pin.forms
        raise UnavailableError(
            f"Cannot get the sources of {name}: no origin has a file with a pinned hash",
            hint="Put one of the files into a directory and name it with --source DIR, or set PYPKG_SOURCE_MIRROR",
            context={
                "tried": "; ".join(attempts) or "nothing: no origin is configured",
                "files": " or ".join(f"{form.file} (sha256 {form.sha256})" for form in forms),
            },
        )

    def _fetch(self, pin: Pin, attempts: list[str]) -> Source | None:
        with locked(sources_dir() / pin.file):
            found = self.cached(pin)
            if found is not None:
                return found
            for offer in self.origins.offers(pin):
                if isinstance(offer.location, Path) and not offer.location.is_file():
                    # A directory need not have every archive: that is told only if no origin has it.
                    attempts.append(f"{offer}: no such file")
                    continue
                path = sources_dir() / offer.form.file
                try:
                    self._take(pin, offer, path)
                except UnavailableError as error:
                    self.reporter.say(f"{pin}: {offer}: {error}")
                    attempts.append(f"{offer}: {error}")
                    continue
                return Source(pin=pin, path=path, sha256=offer.form.sha256)
        return None

    def _take(self, pin: Pin, offer: Offer, path: Path) -> None:
        if isinstance(offer.location, Path):
            problem = _problem(offer.location, offer.form)
            if problem is not None:
                raise UnavailableError(problem)
            with atomic_write(path) as out, offer.location.open("rb") as stream:
                shutil.copyfileobj(stream, out, _CHUNK)
            self.reporter.say(f"{pin}: from {offer.location}")
            return
        host = urlsplit(offer.location).netloc
        if host in self.dead:
            raise UnavailableError(f"not tried again: {self.dead[host]}")
        with self.reporter.stage(f"{pin}: from {offer.location}") as stage:
            self._download(host, offer.location, offer.form, path, stage)

    def _download(self, host: str, url: str, form: Form, path: Path, stage: Stage) -> None:
        with atomic_write(path) as out:
            try:
                received = download(url, out, limit=form.size, progress=stage)
            except UnavailableError as error:
                if error.unreachable:
                    self.dead[host] = str(error)
                raise
            problem = _mismatch(form, received.size, received.sha256)
            if problem is not None:
                raise UnavailableError(problem)


def _problem(path: Path, form: Form) -> str | None:
    """Return how a file differs from its pin, or ``None``; a file of another size is not hashed."""
    size = path.stat().st_size
    return _mismatch(form, size, "" if form.size not in (None, size) else file_sha256(path))


def _mismatch(form: Form, size: int, sha256: str) -> str | None:
    if form.size is not None and size != form.size:
        return f"expected {form.size} bytes, got {'more' if size > form.size else size}"
    return None if sha256 == form.sha256 else f"expected sha256 {form.sha256}, got {sha256}"
