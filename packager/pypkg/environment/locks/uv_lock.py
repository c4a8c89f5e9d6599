"""``uv.lock``, version 1 (docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; the format is uv's own)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypkg.environment.locks.lock import Edge, Lock, LockedPackage, Source
from pypkg_core.errors import UsageError
from pypkg_core.hashing import is_sha256
from pypkg_core.toml_tables import TableReader

__all__ = ["parse_uv_lock"]

_VERSION: Final = 1
_SOURCES: Final[Mapping[str, Source]] = {
    "registry": "index",
    "url": "url",
    "git": "vcs",
    "path": "path",
    "directory": "path",
    "editable": "path",
    "virtual": "path",
}
_SHA256: Final = "sha256:"


def parse_uv_lock(path: Path, document: Mapping[str, Any]) -> Lock:
    """Return the lock that a parsed file holds, without the project itself.

    Args:
        path: the file, for messages and relative paths.
        document: its contents.

    Raises:
        UsageError: it has another version, or a key is missing, of another type or not valid.
    """
    reader = TableReader(file=path, error_type=UsageError)
    version = document.get("version")
    if version != _VERSION or isinstance(version, bool):
        raise reader.error("version", f"expected {_VERSION}, got {version!r}", hint="Lock again with another uv")
    requires_python = reader.convert("requires-python", document.get("requires-python", ""), str)
    try:
        SpecifierSet(requires_python)
    except InvalidSpecifier as error:
        raise reader.error("requires-python", f"expected a version specifier, got {requires_python!r}") from error
    packages: dict[str, tuple[LockedPackage, ...]] = {}
    for index, table in enumerate(_tables(reader, "package", document.get("package", []))):
        entry = _entry(reader, f"package[{index}]", table)
        if entry is not None:
            packages[entry.name] = (*packages.get(entry.name, ()), entry)
    return Lock(
        origin=path,
        packages=packages,
        requires_python=requires_python,
        environments=_markers(reader, "supported-markers", document),
    )


def _entry(reader: TableReader, key: str, table: Mapping[str, Any]) -> LockedPackage | None:
    """Read one ``[[package]]``; ``None`` for the project itself."""
    name = canonicalize_name(_required(reader, key, table, "name"))
    source = table.get("source")
    kind = next((word for word in _SOURCES if isinstance(source, dict) and word in source), None)
    if kind is None:
        raise reader.error(f"{key}.source", f"expected a table with one of {', '.join(_SOURCES)}, got {source!r}")
    place = _required(reader, f"{key}.source", table["source"], kind)
    folder = reader.file.parent
    if _SOURCES[kind] == "path" and (folder / place).resolve() == folder.resolve():
        return None
    markers = _markers(reader, "resolution-markers", table, key)
    optional = table.get("optional-dependencies", {})
    if not isinstance(optional, dict):
        raise reader.error(f"{key}.optional-dependencies", f"expected a table, got {optional!r}")
    dependencies = {"": _edges(reader, f"{key}.dependencies", table.get("dependencies", []))}
    for extra, items in optional.items():
        dependencies[canonicalize_name(extra)] = _edges(reader, f"{key}.optional-dependencies.{extra}", items)
    return LockedPackage(
        name=name,
        version=_required(reader, key, table, "version") if kind == "registry" or "version" in table else "",
        hashes=frozenset(_hashes(reader, key, table)),
        marker=" or ".join(f"({marker})" for marker in markers) or None,
        source=_SOURCES[kind],
        url=str(folder / place) if _SOURCES[kind] == "path" else f"git+{_revision(place)}" if kind == "git" else place,
        dependencies=dependencies,
    )


def _revision(place: str) -> str:
    """Return a repository with its commit as pip writes it; uv has ``URL?rev=main#commit``."""
    url, _, commit = place.partition("#")
    url, _, query = url.partition("?")
    subdirectory = next((word for word in query.split("&") if word.startswith("subdirectory=")), "")
    return f"{url}@{commit}" + (f"#{subdirectory}" if subdirectory else "")


def _edges(reader: TableReader, key: str, items: object) -> tuple[Edge, ...]:
    edges = []
    for index, table in enumerate(_tables(reader, key, items)):
        where = f"{key}[{index}]"
        marker = table.get("marker")
        edges.append(
            Edge(
                name=canonicalize_name(_required(reader, where, table, "name")),
                extras=reader.convert(f"{where}.extra", table.get("extra", []), tuple[str, ...]),
                marker=None if marker is None else _marker(reader, f"{where}.marker", marker),
            )
        )
    return tuple(edges)


def _hashes(reader: TableReader, key: str, table: Mapping[str, Any]) -> Iterator[str]:
    files = [
        (f"{key}.wheels[{n}]", file) for n, file in enumerate(_tables(reader, f"{key}.wheels", table.get("wheels", [])))
    ]
    if "sdist" in table:
        files += [(f"{key}.sdist", file) for file in _tables(reader, f"{key}.sdist", [table["sdist"]])]
    for where, file in files:
        text = reader.convert(f"{where}.hash", file.get("hash", ""), str)
        if not text.startswith(_SHA256):
            continue
        digest = text.removeprefix(_SHA256).lower()
        if not is_sha256(digest):
            raise reader.error(f"{where}.hash", f"expected sha256: and 64 hexadecimal digits, got {text!r}")
        yield digest


def _markers(reader: TableReader, name: str, table: Mapping[str, Any], key: str = "") -> tuple[str, ...]:
    where = f"{key}.{name}" if key else name
    texts = reader.convert(where, table.get(name, []), tuple[str, ...])
    return tuple(_marker(reader, f"{where}[{index}]", text) for index, text in enumerate(texts))


def _marker(reader: TableReader, key: str, value: object) -> str:
    text = reader.convert(key, value, str)
    try:
        return str(Marker(text))
    except InvalidMarker as error:
        raise reader.error(key, f"expected a marker, got {text!r}") from error


def _tables(reader: TableReader, key: str, items: object) -> list[Mapping[str, Any]]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise reader.error(key, f"expected a list of tables, got {items!r}")
    return items


def _required(reader: TableReader, key: str, table: Mapping[str, Any], name: str) -> str:
    if name not in table:
        raise reader.error(f"{key}.{name}", "is missing")
    text: str = reader.convert(f"{key}.{name}", table[name], str)
    return text
