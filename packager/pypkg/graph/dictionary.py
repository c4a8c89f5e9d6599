"""What packages need beyond what their code shows: pypkg's entries, one TOML file per package, and the user's.

An entry has the name of a distribution, or of a module of the standard library.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from pypkg.project.dictionary_entry import DictionaryEntry
from pypkg_core.toml_tables import TableReader

__all__ = ["DIRECTORY", "Dictionary", "development_tools", "load_dictionary"]

DIRECTORY: Final = Path(__file__).parents[1] / "data" / "dictionary"
_ALL: Final = "*"
_EMPTY: Final = DictionaryEntry()


class Dictionary:
    """All entries, by normalised name.

    Args:
        entries: pypkg's own.
        overrides: the user's: name -> the fields that it sets; the others stay as in pypkg's entry.
        disabled: names of pypkg's entries to ignore; ``*`` for all.
    """

    def __init__(
        self,
        entries: Mapping[str, DictionaryEntry],
        *,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        disabled: Collection[str] = (),
    ) -> None:
        names: set[str] = {canonicalize_name(name) for name in disabled}
        self._entries: dict[str, DictionaryEntry] = {}
        if _ALL not in disabled:
            self._entries.update((name, entry) for name, entry in entries.items() if name not in names)
        for name, fields in (overrides or {}).items():
            self._entries[canonicalize_name(name)] = replace(self.entry(name), **fields)

    def entry(self, name: str) -> DictionaryEntry:
        """Return the entry of a distribution or module; an empty one if it has none."""
        return self._entries.get(canonicalize_name(name), _EMPTY)


@cache
def load_dictionary(directory: Path = DIRECTORY) -> Mapping[str, DictionaryEntry]:
    """Read every ``*.toml`` of a directory.

    Raises:
        PypkgError: a file is not TOML, has an unknown key, or a value of the wrong type.
    """
    found: dict[str, DictionaryEntry] = {}
    for path in sorted(directory.glob("*.toml")):
        reader = TableReader(file=path, relaxed=True)
        found[canonicalize_name(path.stem)] = reader.row("", reader.document(), DictionaryEntry)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Development:
    distributions: tuple[str, ...]


@cache
def development_tools() -> frozenset[str]:
    """Return the distributions that packages import without declaring them: installers, test runners, notebooks."""
    reader = TableReader(file=DIRECTORY.parent / "development.toml")
    return frozenset(reader.row("", reader.document(), _Development).distributions)
