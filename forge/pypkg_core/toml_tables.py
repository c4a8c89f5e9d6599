"""Reads TOML tables into frozen dataclasses; what does not fit is an error that names its key path.

A field's type says what its key may hold: ``str``, ``int``, ``bool``, `Path` (relative to the file's directory),
`Patterns`, ``tuple[X, ...]`` for a list, a dataclass for a table, unions of these. `read_by` gives a field a reader of
its own. A dataclass may check its values in ``__post_init__`` and raise ``ValueError("key: problem")``.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pypkg_core.errors import PypkgError
from pypkg_core.patterns import Patterns

__all__ = ["TableReader", "load_toml", "read_by"]

T = typing.TypeVar("T")

_READ = "read"
_TYPE_NAMES: typing.Final[Mapping[object, str]] = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    Path: "a string",
}


def load_toml(file: Path, error_type: type[PypkgError] = PypkgError) -> dict[str, typing.Any]:
    """Parse a TOML file.

    Raises:
        PypkgError: the file cannot be read or is not TOML; it is of type ``error_type``.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise error_type(f"Cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise error_type(f"Cannot read {file}: it is not UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise error_type(f"Cannot read {file}: {error}") from error


def read_by(read: Callable[[TableReader, str, object], object]) -> Mapping[str, object]:
    """Return metadata for a dataclass field: ``read`` gets the reader, the key path and the value, and converts it."""
    return {_READ: read}


@dataclass(kw_only=True, slots=True)
class TableReader:
    """Reads the tables of one file.

    Attributes:
        file: named in errors; paths in it are relative to its directory.
        error_type: the type of the errors.
        relaxed: the file is written by users: ``output-path``, ``outputPath`` and ``output_path`` are one key, and a
            single value stands for a list of one. Otherwise keys are the names of the fields.
        warnings: gets a line for each unknown key; ``None`` makes an unknown key an error.
    """

    file: Path
    error_type: type[PypkgError] = PypkgError
    relaxed: bool = False
    warnings: list[str] | None = None

    def error(self, path: str, problem: str, *, hint: str | None = None) -> PypkgError:
        """Return the error for one key path, such as ``sources[3].sha256``."""
        text = f"Cannot read {self.file.name}: {path or 'the document'}: {problem}"
        return self.error_type(text, hint=hint, context={"file": self.file})

    def document(self, keys: Collection[str] | None = None) -> dict[str, object]:
        """Parse the file; its top level may hold only ``keys`` (``None``: whatever `row` allows).

        Raises:
            PypkgError: the file cannot be read, is not TOML, or has another key.
        """
        document: dict[str, object] = load_toml(self.file, self.error_type)
        for key in document:
            if keys is not None and key not in keys:
                raise self.error(key, "unknown key", hint=f"Known keys: {', '.join(keys)}")
        return document

    def rows(self, document: Mapping[str, object], name: str, row_type: type[T]) -> tuple[T, ...]:
        """Read the array of tables ``name``; see `row`."""
        items = document.get(name, [])
        if not isinstance(items, list):
            raise self.error(name, f"expected an array of tables, got {items!r}")
        return tuple(self.row(f"{name}[{index}]", item, row_type) for index, item in enumerate(items))

    def row(self, path: str, table: object, row_type: type[T], **given: object) -> T:
        """Read one table as a value of the dataclass ``row_type``.

        Args:
            path: of the table; ``""`` is the document.
            given: fields that are not in the table.

        Raises:
            PypkgError: a key is unknown, missing or defined twice, or its value has another type or is not valid.
        """
        values = self.values(path, table, row_type, without=given)
        for item in dataclasses.fields(row_type):  # type: ignore[arg-type]
            required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
            if required and item.name not in values and item.name not in given:
                raise self.error(_join(path, item.name), "is missing")
        try:
            return row_type(**values, **given)
        except ValueError as error:
            key, _, problem = str(error).partition(": ")
            raise self.error(_join(path, key), problem) from error

    def values(
        self, path: str, table: object, row_type: type[object], *, without: Collection[str] = ()
    ) -> dict[str, typing.Any]:
        """Read the keys that a table has, by the name of their field; raises as `row` does.

        Args:
            without: fields that are no keys.
        """
        if not isinstance(table, dict):
            raise self.error(path, f"expected a table, got {table!r}")
        hints = typing.get_type_hints(row_type)
        fields = {item.name: item for item in dataclasses.fields(row_type) if item.name not in without}  # type: ignore[arg-type]
        values: dict[str, object] = {}
        for key, value in table.items():
            name = _field_name(key) if self.relaxed else key
            where = _join(path, key)
            if name not in fields:
                self._unknown(where, [_key(name) if self.relaxed else name for name in sorted(fields)])
            elif name in values:
                raise self.error(where, "is defined twice, in two spellings")
            else:
                read = fields[name].metadata.get(_READ)
                values[name] = read(self, where, value) if read else self.convert(where, value, hints[name])
        return values

    def convert(self, path: str, value: object, hint: object) -> typing.Any:
        """Check one value against a type and return it as that type.

        Raises:
            PypkgError: it does not fit.
        """
        origin = typing.get_origin(hint)
        if origin is types.UnionType:
            options = [option for option in typing.get_args(hint) if option is not types.NoneType]
            lists = [option for option in options if typing.get_origin(option) is tuple]
            return self.convert(path, value, lists[0] if lists and isinstance(value, list) else options[0])
        if origin is tuple:
            return self._list(path, value, typing.get_args(hint)[0])
        if hint is Patterns:
            try:
                return Patterns.of(self._list(path, value, str))
            except ValueError as error:
                raise self.error(path, str(error)) from error
        if dataclasses.is_dataclass(hint):
            return self.row(path, value, typing.cast(type[object], hint))
        expected = typing.cast(type, str if hint is Path else hint)
        if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
            raise self.error(path, f"expected {_TYPE_NAMES.get(hint, hint)}, got {value!r}")
        if self.relaxed and value == "":
            raise self.error(path, "is empty")
        return self.file.parent / typing.cast(str, value) if hint is Path else value

    def _list(self, path: str, value: object, hint: object) -> tuple[typing.Any, ...]:
        if not isinstance(value, list):
            if not self.relaxed:
                raise self.error(path, f"expected a list, got {value!r}")
            return (self.convert(path, value, hint),)
        return tuple(self.convert(f"{path}[{index}]", item, hint) for index, item in enumerate(value))

    def _unknown(self, path: str, known: Collection[str]) -> None:
        if self.warnings is None:
            raise self.error(path, "unknown key", hint=f"Known keys: {', '.join(known)}")
        self.warnings.append(f"{self.file}: unknown key {path} (known: {', '.join(known)})")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _field_name(key: str) -> str:
    """Return the field for a key in any spelling."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")


def _key(name: str) -> str:
    return name.replace("_", "-")
