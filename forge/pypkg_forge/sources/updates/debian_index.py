"""Debian's index of source packages, from the archives of this machine's apt configuration.

Format: https://wiki.debian.org/DebianRepository/Format, "Sources Indices"; versions: Debian Policy 5.6.12.
"""

from __future__ import annotations

import io
import lzma
import re
from collections.abc import Iterator, Sequence
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
from pypkg_forge.sources.updates.tables import PYTHON, Tables, order, release_of, renamed

__all__ = ["ORIGIN", "SUITES", "ask_debian_index"]

ORIGIN: Final = "Debian's index"

# The suites by their roles, newest first. `experimental` is none of them: what is there may never become a release.
SUITES: Final = ("unstable", "testing", "stable", "oldstable")

_LIMIT: Final = 64 << 20  # in bytes; an index has a fifth of that, and six times as much when it is unpacked
_UNPACKED_LIMIT: Final = 1 << 30
_LONGEST_LINE: Final = 1 << 20
_PYTHON: Final = re.compile(r"python(3\.[0-9]{1,2})")
_VERSION: Final = re.compile(r"(?:[0-9]+:)?([0-9][A-Za-z0-9.+~-]{0,100})")
_UNFINISHED: Final = re.compile(r"[~a-z]")
# Dots between small numbers; a snapshot of a release adds its date.
_RELEASE: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})*(?:[+-][0-9]{8})?")
_ARCHIVE: Final = re.compile(r"[a-z0-9.+-]+_[A-Za-z0-9.+~-]+\.orig\.tar\.(?:gz|xz|bz2|zst)")
_FOLDER: Final = re.compile(r"pool/main(?:/[a-z0-9.+-]+){2}")


def ask_debian_index(tables: Tables, archives: Sequence[str], answers: Answers, reporter: Reporter) -> None:
    """Ask for the archives of all dependencies in every suite; what is learned is added to ``answers``.

    Args:
        archives: URIs of Debian archives; for each suite the first one that has its index is asked.
    """
    if not archives:
        answers.not_asked.append(f"{ORIGIN}: apt's configuration names no Debian archive")
        return
    alive = list(archives)
    for index, suite in enumerate(SUITES):
        reasons: list[str] = []
        for archive in tuple(alive):
            try:
                url = f"{archive}/dists/{suite}/main/source/Sources.xz"
                data = read_url(url, limit=_LIMIT, origin=f"{ORIGIN} of {suite}", reporter=reporter)
                answers.statements += _statements(tables, suite, data)
                answers.asked += 1
                break
            except UnavailableError as error:
                reasons.append(str(error))
                if error.unreachable:
                    alive.remove(archive)
            except BadDataError as error:
                answers.errors.append(str(error))
                break
        else:
            missed = (suite,) if alive else SUITES[index:]
            answers.not_asked.append(f"{ORIGIN} of {', '.join(missed)}: {'; '.join(reasons)}")
            if not alive:
                return


def _statements(tables: Tables, suite: str, data: bytes) -> list[Statement]:
    origin = f"{ORIGIN} of {suite}"
    packages = tables.packages
    oldest = order(tables.oldest_series)
    found: list[Statement] = []
    for fields in _stanzas(data, origin):
        package = fields.get("package", "")
        python = _PYTHON.fullmatch(package)
        if package in packages:
            statement = _statement(tables, packages[package], fields, suite)
        elif python and order(python[1]) >= oldest:
            statement = _statement(tables, PYTHON, fields, suite, series=python[1])
        else:
            continue
        # An index has a row for each version that is still in use.
        if statement is not None and statement not in found:
            found.append(statement)
    if not found:
        raise BadDataError(origin, "it names none of the packages of the table")
    return found


def _statement(
    tables: Tables, name: str, fields: dict[str, str], suite: str, *, series: str | None = None
) -> Statement | None:
    """Return what a stanza says; ``None`` for an unfinished version, and one whose upstream file has no known name."""
    origin = f"{ORIGIN} of {suite}"
    what = f"{fields['package']} {fields.get('version', '')!r:.100}"
    match = _VERSION.fullmatch(fields.get("version", ""))
    if match is None:
        raise BadDataError(origin, f"{what}: expected the version of a package")
    upstream = match[1].rpartition("-")[0] or match[1]
    version = release_of(upstream)
    if _UNFINISHED.search(version):
        return None
    if not _RELEASE.fullmatch(version) or (series and not re.fullmatch(re.escape(series) + r"\.[0-9]{1,2}", version)):
        raise BadDataError(origin, f"{what}: expected a release of {f'Python {series}' if series else name}")
    file, digest, size = _archive(fields, upstream, origin, what)
    folder = fields.get("directory", "")
    if not _FOLDER.fullmatch(folder):
        raise BadDataError(origin, f"{what}: expected a directory below pool/main, got {folder!r:.100}")
    # The table says of its pins whether Debian's bytes are upstream's; a version that Debian changed says so itself.
    repacked = upstream != version or any(pin.debian_sha256 for pin in tables.of(name, version))
    called = file
    if not repacked:
        model = tables.model(name, version, packing=file)
        named = renamed(model, version) if model else None
        pinned = [pin.file for pin in tables.of(name, version) if pin.version == version and pin.debian]
        called = named[0] if named else next(iter(pinned), file)
    return Statement(
        name=name,
        version=version,
        file=called,
        origin=ORIGIN,
        suite=suite,
        sha256=digest,
        size=size,
        debian=f"{folder}/{file}",
        repacked=repacked,
    )


def _archive(fields: dict[str, str], upstream: str, origin: str, what: str) -> tuple[str, str, int]:
    """Return name, sha256 and size of the archive of a stanza; others, such as ``.orig-NAME.tar``, are additions."""
    start = f"{fields['package']}_{upstream}.orig.tar."
    for line in fields.get("checksums-sha256", "").splitlines():
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 3:
            raise BadDataError(origin, f"{what}: expected sha256, size and name of a file, got {line!r:.100}")
        digest, size, file = parts
        if file.startswith(start) and _ARCHIVE.fullmatch(file):
            number = int(size) if re.fullmatch(r"[0-9]{1,20}", size) else size
            return file, checked_sha256(digest, origin, what), checked_size(number, origin, what)
    raise BadDataError(origin, f"{what}: expected the sha256 of a file {start}*")


def _stanzas(data: bytes, origin: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each stanza, with names in lower case; lines of a value are joined with newlines."""
    fields: dict[str, str] = {}
    name = ""
    size = 0
    try:
        with lzma.open(io.BytesIO(data)) as stream:
            while line := stream.readline(_LONGEST_LINE):
                size += len(line)
                if size > _UNPACKED_LIMIT:
                    raise BadDataError(origin, f"expected at most {_UNPACKED_LIMIT} bytes, got more")
                text = line.decode("utf-8")
                if text[0] in " \t":
                    fields[name] = f"{fields.get(name, '')}\n{text.strip()}"
                elif text.strip():
                    name, _, value = text.partition(":")
                    name = name.lower()
                    fields[name] = value.strip()
                elif fields:
                    yield fields
                    fields = {}
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise BadDataError(origin, f"expected an index compressed with xz ({error})") from error
    if fields:
        yield fields
