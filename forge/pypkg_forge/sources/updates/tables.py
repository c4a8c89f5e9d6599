"""The tables as they stand: what is pinned, and how a new release of it would be called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.targets.catalogue import DATA, Version, load_catalogue
from pypkg_forge.sources.pins import SOURCES_FILE, Pin, load_pins

__all__ = ["PYTHON", "Tables", "load_tables", "order", "release_of", "renamed", "series_of"]

PYTHON: Final = "python"

# What Debian adds to the version of an archive that it repacked (Debian's Developer's Reference, 6.7.8.2), and how it
# goes back to a lower version (Policy 5.6.12): "1.5.7+dfsg2" is 1.5.7, "1.3.dfsg+really1.3.1" is 1.3.1.
_REALLY: Final = re.compile(r".*\+really")
_REPACKED: Final = re.compile(r"[.+~](?:dfsg|ds|repack)\.?\d*$")
_PACKING: Final = re.compile(r"\.(tgz|tar\.[a-z0-9]+)$")


def order(version: str) -> tuple[int, ...]:
    """Return the numbers in a version, for comparison."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))


def series_of(release: str) -> str:
    """Return the series of a Python release: "3.13" of "3.13.5"."""
    return release.rpartition(".")[0]


def release_of(debian_version: str) -> str:
    """Return the release in the upstream part of a Debian version."""
    return _REPACKED.sub("", _REALLY.sub("", debian_version))


def renamed(pin: Pin, version: str) -> tuple[str, tuple[str, ...]] | None:
    """Return what the file and the URLs of ``pin`` would be for another release.

    ``None`` if the name of its file does not contain its version as it stands.
    """
    if pin.version not in pin.file:
        return None
    return pin.file.replace(pin.version, version), tuple(url.replace(pin.version, version) for url in pin.urls)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What sources.toml and targets.toml hold.

    Attributes:
        sources: the file of pins.
        targets: the folder of the table of targets.
    """

    sources: Path
    targets: Path
    pins: tuple[Pin, ...]
    versions: tuple[Version, ...]

    @property
    def oldest_series(self) -> str:
        """The oldest Python series of the table."""
        return min((version.series for version in self.versions), key=order)

    @property
    def packages(self) -> Mapping[str, str]:
        """The names of Debian's source packages -> the dependency; without Python's, which has one for each series."""
        return {pin.debian.split("/")[-2]: pin.name for pin in self.pins if pin.debian and pin.name != PYTHON}

    def series(self, name: str) -> Version | None:
        """Return the row of a Python series ("3.13"), ``None`` if the table lacks it."""
        return next((version for version in self.versions if version.series == name), None)

    def of(self, name: str, version: str) -> list[Pin]:
        """Return the pins of a dependency, in the order of the table; of Python, those of the series of ``version``."""
        found = [pin for pin in self.pins if pin.name == name]
        if name != PYTHON:
            return found
        return [pin for pin in found if series_of(pin.version) == series_of(version)]

    def newest(self, name: str, version: str) -> tuple[int, ...]:
        """Return the newest pinned release, as `order`, of what `of` returns; empty without one.

        Where Debian has an archive it counts: Debian's may be a later snapshot of the same release.
        """
        return max((order(_pinned_release(pin)) for pin in self.of(name, version)), default=())

    def model(self, name: str, version: str, packing: str | None = None) -> Pin | None:
        """Return the pin that a new release would resemble; of a series that the table lacks, the newest one.

        Args:
            packing: the file name of the new archive; the pin's is packed in the same way.
        """
        others = (pin for pin in self.pins if pin.name == name)
        pins = self.of(name, version) or sorted(others, key=lambda pin: order(pin.version), reverse=True)
        return next((pin for pin in pins if packing is None or _packing(pin.file) == _packing(packing)), None)


def load_tables(sources: Path = SOURCES_FILE, targets: Path = DATA) -> Tables:
    """Read the tables.

    Raises:
        PypkgError: one of them is not valid.
    """
    versions = tuple(load_catalogue(targets).versions.values())
    return Tables(sources=sources, targets=targets, pins=load_pins(sources), versions=versions)


def _pinned_release(pin: Pin) -> str:
    if pin.debian is None or pin.name == PYTHON:
        return pin.version
    return release_of(pin.debian.rpartition("_")[2].partition(".orig.")[0])


def _packing(file: str) -> str:
    match = _PACKING.search(file)
    return match[1].replace("tgz", "tar.gz") if match else ""
