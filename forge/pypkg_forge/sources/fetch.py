"""Gets pinned archives: the cache first, then each origin, and nothing unverified stays."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from pypkg_core.atomic import atomic_write
from pypkg_core.bases.record import file_sha256
from pypkg_core.cache import locked, sources_dir
from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET, Reporter, Stage
from pypkg_forge.sources.origins import Offer, Origins
from pypkg_forge.sources.pins import Form, Pin

__all__ = ["Fetcher", "Source"]

_CONNECT_SECONDS: Final = 5.0
_READ_SECONDS: Final = 30.0
_CHUNK: Final = 1 << 20


class _AttemptError(Exception):
    """One origin could not give the file; the next one is asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A pinned archive in the cache, checked: ``sha256`` is of the form that was found."""

    pin: Pin
    path: Path
    sha256: str


@dataclass(kw_only=True, slots=True)
class Fetcher:
    """One run's way to archives; a host that did not answer is not asked a second time."""

    origins: Origins
    reporter: Reporter = field(default_factory=lambda: QUIET)
    dead: dict[str, str] = field(default_factory=dict)

    def cached(self, pin: Pin) -> Source | None:
        """Return the archive of ``pin`` from the cache; a damaged one is removed and said."""
        for form in pin.forms:
            path = sources_dir() / form.file
            if not path.is_file():
                continue
            problem = _wrong(path, form)
            if problem is None:
                return Source(pin=pin, path=path, sha256=form.sha256)
            path.unlink(missing_ok=True)
            self.reporter.say(f"Removed a damaged {path}: {problem}")
        return None

    def fetch_first(self, name: str, pins: Iterable[Pin]) -> Source:
        """Return the first of ``pins`` that the cache or an origin has.

        Raises:
            PypkgError: none could be had; every attempt is named.
        """
        attempts: list[str] = []
        wanted: list[Form] = []
        for pin in pins:
            source = self._fetch(pin, attempts)
            if source is not None:
                return source
            wanted += pin.forms
        raise PypkgError(
            f"Cannot get the sources of {name}: no origin has a file with a pinned hash",
            hint="Put one of the wanted files into a folder and name it with --source DIR, or set PYPKG_SOURCE_MIRROR.",
            context={
                "tried": "; ".join(attempts) or "nothing: no origin is set up",
                "wanted": " or ".join(f"{form.file} (sha256 {form.sha256})" for form in wanted),
            },
        )

    def _fetch(self, pin: Pin, attempts: list[str]) -> Source | None:
        with locked(sources_dir() / pin.file):
            found = self.cached(pin)
            if found is not None:
                return found
            for offer in self.origins.offers(pin):
                path = sources_dir() / offer.form.file
                try:
                    self._take(pin, offer, path)
                except _AttemptError as error:
                    self.reporter.say(f"{pin}: {offer}: {error}")
                    attempts.append(f"{offer}: {error}")
                    continue
                return Source(pin=pin, path=path, sha256=offer.form.sha256)
        return None

    def _take(self, pin: Pin, offer: Offer, path: Path) -> None:
        if isinstance(offer.place, Path):
            problem = _wrong(offer.place, offer.form)
            if problem is not None:
                raise _AttemptError(problem)
            with atomic_write(path) as out, offer.place.open("rb") as stream:
                shutil.copyfileobj(stream, out, _CHUNK)
            self.reporter.say(f"{pin}: from {offer.place}")
            return
        host = urlsplit(offer.place).netloc
        if host in self.dead:
            raise _AttemptError(f"{host} was not reached before ({self.dead[host]})")
        with self.reporter.stage(f"{pin}: from {offer.place}") as stage:
            self._download(host, offer.place, offer.form, path, stage)

    def _download(self, host: str, url: str, form: Form, path: Path, stage: Stage) -> None:
        try:
            with requests.get(url, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)) as answer:
                if answer.status_code != requests.codes.ok:
                    raise _AttemptError(f"answered {answer.status_code} {answer.reason}")
                # The bytes as they are stored: a server must not have them unpacked on the way.
                answer.raw.decode_content = False
                _store(answer, form, path, stage)
        except (requests.ConnectionError, requests.Timeout) as error:
            self.dead[host] = _reason(error)
            raise _AttemptError(f"{host} cannot be reached ({self.dead[host]})") from error
        except requests.RequestException as error:
            raise _AttemptError(str(error)) from error


def _store(answer: requests.Response, form: Form, path: Path, stage: Stage) -> None:
    total = int(answer.headers.get("Content-Length") or form.size or 0)
    digest = hashlib.sha256()
    done = 0
    with atomic_write(path) as out:
        while chunk := _read(answer):
            digest.update(chunk)
            done += len(chunk)
            if form.size is not None and done > form.size:
                raise _AttemptError(f"wanted {form.size} bytes, got more")
            out.write(chunk)
            stage.update(done, total)
        if form.size is not None and done != form.size:
            raise _AttemptError(f"wanted {form.size} bytes, got {done}")
        if digest.hexdigest() != form.sha256:
            raise _AttemptError(f"wanted sha256 {form.sha256}, got {digest.hexdigest()}")


def _read(answer: requests.Response) -> bytes:
    # urllib3's errors are not requests', but for iter_content, which would unpack.
    try:
        chunk = answer.raw.read(_CHUNK)
    except Exception as error:
        raise _AttemptError(f"the connection broke ({_reason(error)})") from error
    return bytes(chunk)


def _wrong(path: Path, form: Form) -> str | None:
    size = path.stat().st_size
    if form.size is not None and size != form.size:
        return f"wanted {form.size} bytes, got {size}"
    found = file_sha256(path)
    return None if found == form.sha256 else f"wanted sha256 {form.sha256}, got {found}"


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words; requests wraps it three times."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    if isinstance(seen, TimeoutError | requests.Timeout) or "timed out" in str(seen).lower():
        return "timed out"
    words = str(seen).split(": ", 1)[-1].strip()
    return words or type(seen).__name__
