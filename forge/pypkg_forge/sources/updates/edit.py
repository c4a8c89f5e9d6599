"""Adds rows to sources.toml and releases to targets.toml as text, so that comments and order stay as they are."""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError
from pypkg_forge.sources.pins import Pin
from pypkg_forge.sources.updates.tables import PYTHON, Tables, load_tables, order, series_of

__all__ = ["Edit", "apply_edits", "edit_tables", "unified_diff"]

TARGETS_FILE: Final = "targets.toml"

# The order of the keys in a row.
_KEYS: Final = (
    "name",
    "version",
    "file",
    "sha256",
    "size",
    "urls",
    "debian",
    "debian_version",
    "debian_sha256",
    "debian_size",
    "licence",
    "note",
)
_LIST_OF_PINS: Final = re.compile(r"^pins[ \t]*=[ \t]*\[", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A file, as it is and as it should be; ``label`` is its path in the repository."""

    path: Path
    label: str
    before: str
    after: str


def edit_tables(tables: Tables, rows: Sequence[Pin]) -> list[Edit]:
    """Return the edits that add ``rows``, in front of the pins of the same dependency (and Python series).

    The result is read with the tables' own readers, and must be the old tables and the new rows.

    Raises:
        PypkgError: a table cannot be edited this way; neither is changed.
    """
    sources = _read(tables.sources)
    targets = _read(tables.targets / TARGETS_FILE)
    new_sources, new_targets = sources, targets
    pins, releases = list(tables.pins), {version.series: list(version.pins) for version in tables.versions}
    for row in sorted(rows, key=lambda row: order(row.version)):
        index = next((i for i, pin in enumerate(pins) if _kin(pin, row)), None)
        if index is None:
            raise PypkgError(f"Cannot add {row} to {tables.sources}: it has no pin of {row.name} that it would follow")
        new_sources = _insert_row(new_sources, index, row)
        pins.insert(index, row)
        if row.name == PYTHON:
            series = series_of(row.version)
            new_targets = _insert_release(new_targets, list(releases).index(series), row.version)
            releases[series].insert(0, row.version)
    edits = [
        Edit(path=tables.sources, label="forge/pypkg_forge/data/sources.toml", before=sources, after=new_sources),
        Edit(
            path=tables.targets / TARGETS_FILE,
            label="forge/pypkg_core/targets/data/targets.toml",
            before=targets,
            after=new_targets,
        ),
    ]
    changed = [edit for edit in edits if edit.before != edit.after]
    _check(tables, edits, pins, releases)
    return changed


def unified_diff(edits: Iterable[Edit]) -> str:
    """Return the edits as `git apply` takes them."""
    return "".join(
        line
        for edit in edits
        for line in difflib.unified_diff(
            edit.before.splitlines(keepends=True),
            edit.after.splitlines(keepends=True),
            f"a/{edit.label}",
            f"b/{edit.label}",
        )
    )


def apply_edits(edits: Iterable[Edit]) -> None:
    """Write the edited files; a release is pinned in sources.toml before targets.toml names it.

    Raises:
        PypkgError: a file cannot be written.
    """
    for edit in edits:
        with atomic_write(edit.path) as out:
            out.write(edit.after.encode("utf-8"))


def _kin(pin: Pin, row: Pin) -> bool:
    return pin.name == row.name and (row.name != PYTHON or series_of(pin.version) == series_of(row.version))


def _row_text(row: Pin) -> str:
    values = ((key, getattr(row, key)) for key in _KEYS)
    lines = [f"{key} = {_value(value)}\n" for key, value in values if value is not None]
    return "".join(["[[sources]]\n", *lines, "\n"])


def _value(value: str | int | tuple[str, ...]) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if not value.isprintable() or '"' in value or "\\" in value:
        raise PypkgError(f"Cannot write {value!r} into a table: it has a character that would need an escape")
    return f'"{value}"'


def _insert_row(text: str, index: int, row: Pin) -> str:
    """Insert a row in front of the row ``index``, above the comments that belong to it."""
    start = _header(text, "sources", index)
    while match := re.search(r"^#.*\n\Z", text[:start], re.MULTILINE):
        start = match.start()
    return text[:start] + _row_text(row) + text[start:]


def _insert_release(text: str, index: int, release: str) -> str:
    """Insert a release at the start of ``pins`` of the row ``index`` of `[[versions]]`."""
    match = _LIST_OF_PINS.search(text, _header(text, "versions", index))
    if match is None:
        raise PypkgError(f"Cannot add Python {release} to {TARGETS_FILE}: versions[{index}].pins is not found")
    rest = text[match.end() :]
    indent = re.match(r"\s*", rest)
    return f'{text[: match.end()]}{indent[0] if indent else ""}"{release}", {rest.lstrip()}'


def _header(text: str, name: str, index: int) -> int:
    """Return where the header of a row is."""
    found = [match.start() for match in re.finditer(rf"^\[\[{name}\]\]", text, re.MULTILINE)]
    if index >= len(found):
        raise PypkgError(f"Cannot edit the table: [[{name}]] {index} is not found")
    return found[index]


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except OSError as error:
        raise PypkgError(f"Cannot read {path}: {error.strerror}") from error


def _check(tables: Tables, edits: Sequence[Edit], pins: Sequence[Pin], releases: dict[str, list[str]]) -> None:
    """Read the edited tables as everything else does, and compare them with what they should be.

    Raises:
        PypkgError: they differ, or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(tables.targets, folder, dirs_exist_ok=True)
        for edit in edits:
            (Path(folder) / edit.path.name).write_bytes(edit.after.encode("utf-8"))
        found = load_tables(Path(folder) / tables.sources.name, Path(folder))
    if list(found.pins) != list(pins) or {item.series: list(item.pins) for item in found.versions} != releases:
        raise PypkgError(f"Cannot edit {tables.sources} and {TARGETS_FILE}: read again, they are not what was written")
