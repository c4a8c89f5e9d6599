"""What one package needs beyond what its code shows, and the user's own entries in ``[tool.pypkg.dictionary]``.

pypkg's own entries are the files of ``data/dictionary``; both have the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from packaging.utils import canonicalize_name

from pypkg_core.patterns import NO_PATTERNS, Patterns
from pypkg_core.toml_tables import TableReader

__all__ = ["DictionaryEntry", "DictionarySettings", "read_dictionary_settings"]

_DISABLE: Final = "disable"


@dataclass(frozen=True, kw_only=True, slots=True)
class DictionaryEntry:
    """What one package needs; patterns are relative to the directory the distribution is installed in.

    Attributes:
        scripts: ``.py`` files to compile and follow although nothing imports them.
        assets: files to package although the rules would leave them out.
        hidden_imports: modules that it imports without an import statement; those that are not installed are skipped.
        excludes: files to leave out.
        log: a sentence to show when the package is packaged.
    """

    scripts: Patterns = NO_PATTERNS
    assets: Patterns = NO_PATTERNS
    hidden_imports: tuple[str, ...] = ()
    excludes: Patterns = NO_PATTERNS
    log: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DictionarySettings:
    """The table ``[tool.pypkg.dictionary]``.

    Attributes:
        disable: names of entries to ignore; ``*`` for all.
        overrides: normalised name -> the fields of `DictionaryEntry` that the user sets.
    """

    disable: tuple[str, ...] = ()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_dictionary_settings(reader: TableReader, path: str, value: object) -> DictionarySettings:
    """Read the table at ``path``; a table in it is an entry, also one called ``disable``.

    Raises:
        PypkgError: a value has the wrong type, or a name is defined twice.
    """
    if not isinstance(value, dict):
        raise reader.error(path, f"expected a table, got {value!r}")
    disable: tuple[str, ...] = ()
    overrides: dict[str, dict[str, Any]] = {}
    for key, item in value.items():
        where = f"{path}.{key}"
        if key == _DISABLE and not isinstance(item, dict):
            disable = reader.convert(where, item, tuple[str, ...])
            continue
        name = canonicalize_name(key)
        if name in overrides:
            raise reader.error(where, f"'{name}' is defined twice, in two spellings")
        overrides[name] = reader.values(where, item, DictionaryEntry)
    return DictionarySettings(disable=disable, overrides=overrides)
