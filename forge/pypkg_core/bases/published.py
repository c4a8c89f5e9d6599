"""The published bases and their hashes, which come with pypkg (data/bases.toml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.hashing import is_sha256
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.versions import version_numbers
from pypkg_core.toml_tables import TableReader

__all__ = ["BASES_FILE", "PublishedBase", "find_published", "load_published"]

BASES_FILE: Final = Path(__file__).parent / "data" / "bases.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedBase:
    """One asset of the release: ``version`` is exact ("3.13.5"), ``size`` in bytes, ``sha256`` in lower-case hex."""

    version: str
    platform: str
    arch: str
    size: int
    sha256: str

    @property
    def asset(self) -> str:
        """The name of the asset in the release."""
        return f"python-{self.version}-{self.platform}-{self.arch}"

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for comparison."""
        return version_numbers(self.version)


def load_published(file: Path | None = None) -> tuple[PublishedBase, ...]:
    """Read a table of published bases, by default pypkg's own.

    Raises:
        PypkgError: a key is unknown, missing or of another type, a value is not valid, or a base is defined twice.
    """
    file = file or BASES_FILE
    reader = TableReader(file=file)
    bases = reader.rows(reader.document(("bases",)), "bases", PublishedBase)
    seen: set[str] = set()
    for index, base in enumerate(bases):
        row = f"bases[{index}]"
        if not is_sha256(base.sha256):
            raise reader.error(f"{row}.sha256", f"expected 64 lower-case hexadecimal digits, got {base.sha256!r}")
        if not re.fullmatch(r"\d+\.\d+\.\d+", base.version):
            raise reader.error(f"{row}.version", f"expected an exact version like 3.13.5, got {base.version!r}")
        if base.size < 1:
            raise reader.error(f"{row}.size", f"expected a number of bytes, got {base.size}")
        if base.asset in seen:
            raise reader.error(row, f"{base.asset} is defined twice")
        seen.add(base.asset)
    return tuple(bases)


def find_published(target: Target, file: Path | None = None) -> PublishedBase | None:
    """Return the newest published base for ``target``, or ``None``; raises as `load_published` does."""
    candidates = [
        base
        for base in load_published(file)
        if (base.platform, base.arch) == (target.platform, target.arch) and base.version.startswith(target.series + ".")
    ]
    return max(candidates, key=lambda base: base.order, default=None)
