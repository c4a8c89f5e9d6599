"""The published bases, with the hashes that come with the packager (data/bases.toml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.targets.catalogue import Target
from pypkg_core.toml_tables import load_toml, rows, table_error

__all__ = ["BASES_FILE", "PublishedBase", "find_published", "load_published"]

BASES_FILE: Final = Path(__file__).parent / "data" / "bases.toml"

_SHA256 = re.compile(r"[0-9a-f]{64}")


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
        """The asset's name in the release."""
        return f"python-{self.version}-{self.platform}-{self.arch}"

    @property
    def order(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return tuple(int(part) for part in self.version.split("."))


def load_published(file: Path | None = None) -> tuple[PublishedBase, ...]:
    """Read the table, by default the packager's own.

    Raises:
        PypkgError: a key is unknown, missing or of another type, a hash or version is none, or a base is there twice.
    """
    file = file or BASES_FILE
    bases = rows(file, load_toml(file, ("bases",)), "bases", PublishedBase)
    seen: set[str] = set()
    for index, base in enumerate(bases):
        if not _SHA256.fullmatch(base.sha256):
            raise table_error(file, f"bases[{index}].sha256", f"{base.sha256!r} is no SHA-256 in lower-case hex")
        if not re.fullmatch(r"\d+\.\d+\.\d+", base.version):
            raise table_error(file, f"bases[{index}].version", f"{base.version!r} is no exact version")
        if base.size < 1:
            raise table_error(file, f"bases[{index}].size", f"{base.size} is no size")
        if base.asset in seen:
            raise table_error(file, f"bases[{index}]", f"{base.asset} is there twice")
        seen.add(base.asset)
    return tuple(bases)


def find_published(target: Target, file: Path | None = None) -> PublishedBase | None:
    """Return the newest published base for ``target``; raises as `load_published` does."""
    fitting = [
        base
        for base in load_published(file)
        if (base.platform, base.arch) == (target.platform, target.arch) and base.version.startswith(target.series + ".")
    ]
    return max(fitting, key=lambda base: base.order, default=None)
