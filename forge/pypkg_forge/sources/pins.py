"""The pins: the source archives that may be used, and their hashes (data/sources.toml)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.hashing import is_sha256
from pypkg_core.targets.catalogue import catalogue
from pypkg_core.toml_tables import TableReader
from pypkg_forge.data import HERE

__all__ = ["Form", "Pin", "candidates", "load_pins", "pinned", "pins"]

SOURCES_FILE: Final = HERE / "sources.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A file that a pin accepts: upstream's, or the same release repacked by Debian; ``size`` in bytes."""

    file: str
    sha256: str
    size: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A row of sources.toml; sizes in bytes, hashes in lower-case hexadecimal."""

    name: str
    version: str
    file: str
    sha256: str
    urls: tuple[str, ...]
    licence: str
    size: int | None = None
    debian: str | None = None
    debian_sha256: str | None = None
    debian_version: str | None = None
    debian_size: int | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for key in ("sha256", "debian_sha256"):
            value = getattr(self, key)
            if value is not None and not is_sha256(value):
                raise ValueError(f"{key}: expected 64 lower-case hexadecimal digits, got {value!r}")
        if self.debian_sha256 and not self.debian:
            raise ValueError("debian: is missing, but debian_sha256 is set")
        if not self.urls and not self.debian:
            raise ValueError("urls: is empty, and debian is not set")

    @property
    def upstream(self) -> Form:
        """The file that upstream publishes."""
        return Form(file=self.file, sha256=self.sha256, size=self.size)

    @property
    def repacked(self) -> Form | None:
        """The file in Debian's pool, ``None`` without one; `upstream` unless Debian repacked it."""
        if self.debian is None:
            return None
        if self.debian_sha256 is None:
            return self.upstream
        return Form(file=self.debian.rsplit("/", 1)[1], sha256=self.debian_sha256, size=self.debian_size)

    @property
    def forms(self) -> tuple[Form, ...]:
        """Every file that the pin accepts, upstream's first."""
        repacked = self.repacked
        if repacked is None or repacked == self.upstream:
            return (self.upstream,)
        return (self.upstream, repacked)

    def release(self, sha256: str) -> str:
        """Return the release of the file with this hash: Debian's may be a later snapshot than ``version``."""
        return self.debian_version if self.debian_version and sha256 == self.debian_sha256 else self.version

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def load_pins(file: Path) -> tuple[Pin, ...]:
    """Read a table of pins.

    Raises:
        PypkgError: a key is unknown, missing or not valid, or a row is defined twice; the key path is named.
    """
    reader = TableReader(file=file)
    found = reader.rows(reader.document(("sources",)), "sources", Pin)
    releases: set[tuple[str, str]] = set()
    hashes: set[str] = set()
    for index, pin in enumerate(found):
        if (pin.name, pin.version) in releases:
            raise reader.error(f"sources[{index}]", f"{pin} is defined twice")
        releases.add((pin.name, pin.version))
        for form in pin.forms:
            if form.sha256 in hashes:
                key = "sha256" if form.sha256 == pin.sha256 else "debian_sha256"
                raise reader.error(f"sources[{index}].{key}", f"{form.sha256} is defined twice")
            hashes.add(form.sha256)
    return found


@functools.cache
def pins() -> tuple[Pin, ...]:
    """Return the pins that come with pypkg."""
    return load_pins(SOURCES_FILE)


def candidates(name: str, version: str | None = None) -> tuple[Pin, ...]:
    """Return the pins of a dependency in order of preference; for "python", those of a version ("313").

    Raises:
        PypkgError: there is none: the tables do not agree.
    """
    if name == "python" and version is not None:
        by_release = {pin.version: pin for pin in pins() if pin.name == name}
        releases = catalogue().versions[version].pins
        missing = [release for release in releases if release not in by_release]
        if missing:
            raise PypkgError(f"targets.toml lists Python {missing[0]}, which has no pin in sources.toml")
        return tuple(by_release[release] for release in releases)
    found = tuple(pin for pin in pins() if pin.name == name)
    if not found:
        raise PypkgError(f"sources.toml has no pin for {name}")
    return found


def pinned(name: str, version: str) -> Pin:
    """Return the pin of a release.

    Raises:
        PypkgError: there is none.
    """
    for pin in pins():
        if (pin.name, pin.version) == (name, version):
            return pin
    raise PypkgError(f"sources.toml has no pin for {name} {version}")
