"""What packages need beyond what can be seen in them: one small TOML file per package, and the user's own entries.

An entry is named after a distribution, or after a module of the standard library. Globs count from the directory the
distribution is installed in (``numpy/f2py/**``), or the project's root for the project's own entry.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

from packaging.utils import canonicalize_name

from pypkg_core.errors import UsageError

__all__ = ["DIRECTORY", "Dictionary", "Entry", "development_tools", "load_dictionary", "matches", "parse_entry"]

DIRECTORY: Final = Path(__file__).parents[1] / "data" / "dictionary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What one package needs.

    Attributes:
        scripts: globs of ``.py`` files that are compiled and walked though nothing imports them.
        assets: globs of files that come along though the rules would leave them out.
        hidden_imports: modules it imports in ways that cannot be seen; those that are not installed are skipped.
        excludes: globs of files that stay out.
        log: a sentence shown when the package is included.
    """

    scripts: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    hidden_imports: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    log: str = ""


class Dictionary:
    """All entries, by normalised name.

    Args:
        entries: those that come with pypkg.
        overrides: the user's; each replaces the whole entry of its name.
        disabled: names to go without, or ``*`` for none of pypkg's own at all.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        *,
        overrides: Mapping[str, Entry] | None = None,
        disabled: Collection[str] = (),
    ) -> None:
        names: set[str] = {canonicalize_name(name) for name in disabled}
        self._entries: dict[str, Entry] = {}
        if "*" not in disabled:
            self._entries.update((name, entry) for name, entry in entries.items() if name not in names)
        self._entries.update((canonicalize_name(name), entry) for name, entry in (overrides or {}).items())

    def entry(self, name: str) -> Entry:
        """Return the entry of a distribution or module; an empty one when there is none."""
        return self._entries.get(canonicalize_name(name), _NOTHING)


_NOTHING: Final = Entry()
_ANY_FOLDERS: Final = "(?:[^/]+/)*"
_WILD: Final = {"*": "[^/]*", "?": "[^/]"}


@cache
def load_dictionary(directory: Path = DIRECTORY) -> Mapping[str, Entry]:
    """Read every ``*.toml`` of a directory.

    Raises:
        UsageError: a file is not TOML, or has an unknown key or a value of the wrong type; the place is named.
    """
    found: dict[str, Entry] = {}
    for path in sorted(directory.glob("*.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"Cannot read the dictionary entry {path}: {error}") from error
        found[canonicalize_name(path.stem)] = parse_entry(table, place=str(path))
    return found


@cache
def development_tools() -> frozenset[str]:
    """Return the distributions that packages mention without declaring them: installers, test runners, notebooks."""
    table = tomllib.loads((DIRECTORY.parent / "development.toml").read_text(encoding="utf-8"))
    return frozenset(table["distributions"])


def parse_entry(table: Mapping[str, Any], *, place: str) -> Entry:
    """Check the keys of an entry.

    Args:
        table: as read from TOML; lists may be written as a single string.
        place: named in errors.

    Raises:
        UsageError: a key is unknown or its value has the wrong type.
    """
    known = {field.name.replace("_", "-"): field.name for field in fields(Entry)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"Unknown key '{key}' in {place}", hint=f"Known keys: {', '.join(sorted(known))}.")
        if key == "log":
            if not isinstance(value, str):
                raise UsageError(f"{key} in {place} must be a string")
            values[known[key]] = value
            continue
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise UsageError(f"{key} in {place} must be a string or a list of strings")
        values[known[key]] = tuple(items)
    return Entry(**values)


def matches(path: str, globs: Collection[str]) -> bool:
    """Whether a path is named by globs: ``**`` spans directories, dots are not special, ``!`` takes back.

    Args:
        path: with ``/`` between names.
        globs: the last one that matches decides.
    """
    result = False
    for glob in globs:
        negated = glob.startswith("!")
        if _pattern(glob.removeprefix("!")).fullmatch(path):
            result = not negated
    return result


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    parts = PurePosixPath(glob).parts
    text = ""
    for part in parts:
        text += _ANY_FOLDERS if part == "**" else "".join(_WILD.get(char) or re.escape(char) for char in part) + "/"
    # A directory stands for everything in it; a last "**" for every file below.
    return re.compile(text + "[^/]+" if parts[-1:] == ("**",) else text.removesuffix("/") + "(?:/.*)?")
