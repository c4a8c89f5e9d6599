"""The extension modules of the standard library that a base must have (data/extension_modules.toml)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.targets.catalogue import DATA, Target
from pypkg_core.targets.versions import version_numbers
from pypkg_core.toml_tables import TableReader

__all__ = ["EXTENSION_MODULES_FILE", "ExtensionModules", "extension_modules", "load_extension_modules"]

EXTENSION_MODULES_FILE: Final = DATA / "extension_modules.toml"
_KEY: Final = "extension_modules"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionModules:
    """Modules that bases have which fulfil every condition that is given; data/extension_modules.toml explains them."""

    names: tuple[str, ...]
    os_name: str | None = None
    sys_platform: str | None = None
    since: str | None = None
    before: str | None = None

    def __post_init__(self) -> None:
        for key in ("since", "before"):
            value = getattr(self, key)
            if value is not None and not all(part.isdecimal() for part in value.split(".")):
                raise ValueError(f"{key}: expected a series such as 3.13, got {value!r}")

    def apply_to(self, target: Target) -> bool:
        """Whether the bases of a target have these modules."""
        facts = target.facts
        return (
            self.os_name in (None, facts.os_name)
            and self.sys_platform in (None, facts.sys_platform)
            and (self.since is None or version_numbers(target.series) >= version_numbers(self.since))
            and (self.before is None or version_numbers(target.series) < version_numbers(self.before))
        )


def load_extension_modules(file: Path) -> tuple[ExtensionModules, ...]:
    """Read a table of extension modules.

    Raises:
        PypkgError: a key is unknown, missing or of another type; the key path is named.
    """
    reader = TableReader(file=file)
    return reader.rows(reader.document((_KEY,)), _KEY, ExtensionModules)


def extension_modules(target: Target) -> list[str]:
    """Return the names of the extension modules that a base of ``target`` must have, sorted."""
    return sorted(name for row in _rows() if row.apply_to(target) for name in row.names)


@functools.cache
def _rows() -> tuple[ExtensionModules, ...]:
    return load_extension_modules(EXTENSION_MODULES_FILE)
