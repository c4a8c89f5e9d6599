"""Reads TOML tables into frozen dataclasses; whatever does not fit is an error that names its place."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from pathlib import Path

from pypkg_core.errors import PypkgError

__all__ = ["load_toml", "row", "rows", "table_error"]

T = typing.TypeVar("T")


def table_error(file: Path, place: str, problem: str) -> PypkgError:
    """The error for one place of a data file: ``place`` is like ``sources[3].sha256``."""
    return PypkgError(f"Cannot read {file.name}: {place}: {problem}", context={"file": file})


def load_toml(file: Path, keys: typing.Collection[str]) -> dict[str, object]:
    """Parse a TOML file whose top level may hold only ``keys``.

    Raises:
        PypkgError: the file cannot be read, is not TOML, or has another key.
    """
    try:
        document: dict[str, object] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PypkgError(f"Cannot read {file}: {error}") from error
    for key in document:
        if key not in keys:
            raise table_error(file, key, "unknown key")
    return document


def rows(file: Path, document: dict[str, object], name: str, row_type: type[T]) -> tuple[T, ...]:
    """Turn the array of tables ``name`` into values of the dataclass ``row_type``.

    Raises:
        PypkgError: a row has an unknown key, lacks one without a default, or holds a value of another type.
    """
    items = document.get(name, [])
    if not isinstance(items, list):
        raise table_error(file, name, "wanted an array of tables")
    return tuple(row(file, f"{name}[{index}]", item, row_type) for index, item in enumerate(items))


def row(file: Path, place: str, item: object, row_type: type[T]) -> T:
    """Turn one table into a value of ``row_type``; see ``rows``."""
    if not isinstance(item, dict):
        raise table_error(file, place, "wanted a table")
    hints = typing.get_type_hints(row_type)
    fields = {field.name: field for field in dataclasses.fields(row_type)}  # type: ignore[arg-type]
    values: dict[str, object] = {}
    for key, value in item.items():
        if key not in fields:
            raise table_error(file, f"{place}.{key}", "unknown key")
        values[key] = _convert(file, f"{place}.{key}", value, hints[key])
    for key, field in fields.items():
        if key not in values and field.default is dataclasses.MISSING:
            raise table_error(file, f"{place}.{key}", "is missing")
    try:
        return row_type(**values)
    except ValueError as error:
        key, _, problem = str(error).partition(": ")
        raise table_error(file, f"{place}.{key}", problem) from error


def _convert(file: Path, place: str, value: object, hint: object) -> object:
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        hint = next(option for option in typing.get_args(hint) if option is not types.NoneType)
        origin = typing.get_origin(hint)
    if origin is tuple:
        (inner, _) = typing.get_args(hint)
        if not isinstance(value, list):
            raise table_error(file, place, f"wanted a list, got {value!r}")
        return tuple(_convert(file, f"{place}[{index}]", item, inner) for index, item in enumerate(value))
    if dataclasses.is_dataclass(hint):
        return row(file, place, value, typing.cast(type[object], hint))
    if not isinstance(hint, type) or not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        wanted = getattr(hint, "__name__", str(hint))
        raise table_error(file, place, f"wanted {wanted}, got {value!r}")
    return value
