"""Upstream's release data: the releases of CPython, as python.org's API lists them.

Format: https://www.python.org/api/v2/downloads/, the views ``release`` and ``release_file``: arrays of objects.
"""

from __future__ import annotations

import json
import re
from typing import Final

from pypkg_core.errors import UnavailableError
from pypkg_core.progress import Reporter
from pypkg_forge.sources.updates.statements import (
    Answers,
    BadDataError,
    Statement,
    checked_sha256,
    checked_size,
    read_url,
)
from pypkg_forge.sources.updates.tables import PYTHON, Tables, order, renamed, series_of

__all__ = ["API", "ORIGIN", "ask_release_data"]

API: Final = "https://www.python.org/api/v2/downloads"
ORIGIN: Final = "upstream's release data"

_LIMIT: Final = 16 << 20  # in bytes; the list of all releases has less than one million
_NAME: Final = re.compile(r"Python (3\.[0-9]+)(.*)")
_PATCH: Final = re.compile(r"\.[0-9]{1,2}")
_UNFINISHED: Final = re.compile(r"\.[0-9]+(?:a|b|rc)[0-9]+")
_IDENTIFIER: Final = re.compile(r"/release/([0-9]{1,9})/?$")


def ask_release_data(tables: Tables, answers: Answers, reporter: Reporter) -> None:
    """Ask for the releases of the table's series and of later ones; what is learned is added to ``answers``."""
    try:
        releases = _releases(tables, reporter)
        answers.asked += 1
        for version in sorted(releases, key=order):
            answers.statements += _statements(tables, version, releases[version], reporter)
    except UnavailableError as error:
        answers.not_asked.append(f"{ORIGIN}: {error}")
    except BadDataError as error:
        answers.errors.append(str(error))


def _releases(tables: Tables, reporter: Reporter) -> dict[str, int]:
    """Return the releases that are pinned or newer than the pins -> their identifiers."""
    found: dict[str, int] = {}
    oldest = order(tables.oldest_series)
    for row in _rows(f"{API}/release/?is_published=true&pre_release=false&version=3", ORIGIN, reporter):
        match = _NAME.fullmatch(_text(row, "name"))
        # The list has other programs too, and every release since 3.0.
        if match is None or order(match[1]) < oldest or _UNFINISHED.fullmatch(match[2]):
            continue
        if not _PATCH.fullmatch(match[2]) or len(match[1]) > len("3.99"):
            raise BadDataError(ORIGIN, f"expected the name of a release such as 'Python 3.13.5', got {match[0]!r:.100}")
        identifier = _IDENTIFIER.search(_text(row, "resource_uri"))
        if identifier is None:
            raise BadDataError(
                ORIGIN, f"{match[0]}: resource_uri does not name a release: {row['resource_uri']!r:.100}"
            )
        version = match[1] + match[2]
        pinned = any(pin.version == version for pin in tables.of(PYTHON, version))
        if pinned or order(version) > tables.newest(PYTHON, version):
            found[version] = int(identifier[1])
    # Of a series that the table lacks, the newest release is enough.
    newest = {series_of(version): version for version in sorted(found, key=order)}
    return {
        version: identifier
        for version, identifier in found.items()
        if tables.series(series_of(version)) is not None or newest[series_of(version)] == version
    }


def _statements(tables: Tables, version: str, identifier: int, reporter: Reporter) -> list[Statement]:
    """Return what upstream says of the archive of a release that the table names, or would name."""
    model = tables.model(PYTHON, version)
    named = renamed(model, version) if model is not None else None
    names = [pin.file for pin in tables.of(PYTHON, version) if pin.version == version] or list(named or ())[:1]
    statements = []
    for row in _rows(f"{API}/release_file/?release={identifier}", f"{ORIGIN}: Python {version}", reporter):
        file = _text(row, "url").rpartition("/")[2]
        if file in names:
            digest = row.get("sha256_sum") or None  # empty for releases that are older than the field
            statements.append(
                Statement(
                    name=PYTHON,
                    version=version,
                    file=file,
                    origin=ORIGIN,
                    sha256=digest if digest is None else checked_sha256(digest, ORIGIN, file),
                    size=checked_size(row.get("filesize"), ORIGIN, file),
                )
            )
    return statements


def _rows(url: str, origin: str, reporter: Reporter) -> list[dict[str, object]]:
    try:
        rows = json.loads(read_url(url, limit=_LIMIT, origin=origin, reporter=reporter))
    except (ValueError, RecursionError) as error:
        raise BadDataError(origin, f"expected JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadDataError(origin, f"expected an array of objects, got {rows!r:.100}")
    return rows


def _text(row: dict[str, object], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise BadDataError(ORIGIN, f"expected a string as {key}, got {value!r:.100}")
    return value
