"""``[tool.pypkg]`` of a ``pyproject.toml``, or the file named by ``--config`` (TOML or JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pypkg.project.interpreter_options import parse_options, split_options
from pypkg.project.project import PYPROJECT, Project, load_toml
from pypkg_core.errors import UsageError
from pypkg_core.patterns import Expansion, expand

__all__ = ["Config", "load_config"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What a configuration says; empty where it says nothing.

    Attributes:
        origin: the file, for messages; ``None`` without one.
        directory: what globs and ``output_path`` are relative to.
        targets: as on the command line.
        output_path: directory for the executables, absolute.
        name: the project's name below ``/snapshot`` and the executable's.
        scripts: globs of Python files to compile and walk although nothing imports them.
        assets: globs of files to take as they are.
        hidden_imports: modules to walk although nothing imports them.
        excludes: modules that stay out.
        ignore: globs of files that stay out.
        public: the project's source text is packaged too.
        public_packages: distributions whose source text is packaged too; ``*`` for all, the standard library included.
        options: interpreter options to bake in, as on Python's command line.
        warnings: what is odd about the file, one line each.
    """

    directory: Path
    origin: Path | None = None
    targets: tuple[str, ...] = ()
    output_path: Path | None = None
    name: str | None = None
    scripts: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    hidden_imports: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    public: bool = False
    public_packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def expand_scripts(self) -> Expansion:
        """Return the files that ``scripts`` names, without the ignored ones."""
        return expand(self.scripts, self.directory, ignore=self.ignore)

    def expand_assets(self) -> Expansion:
        """Return the files that ``assets`` names, without the ignored ones."""
        return expand(self.assets, self.directory, ignore=self.ignore)


def load_config(project: Project, explicit: Path | None) -> Config:
    """Read the configuration that applies to a project.

    Args:
        explicit: the file of ``--config``, which takes the place of ``[tool.pypkg]``.

    Raises:
        UsageError: ``--config`` together with a ``pyproject.toml`` as input; a file that cannot be read; a value of
            the wrong type, whose place is named.
    """
    if explicit is not None:
        if project.input.name == PYPROJECT:
            raise UsageError(
                f"--config {explicit} cannot be used with {project.input} as input",
                hint="Name the directory or a script instead, or drop --config",
            )
        place, table = _load_explicit(explicit)
        return _parse(table, explicit.absolute(), place)
    if project.pyproject is None:
        return Config(directory=project.root)
    tool = load_toml(project.pyproject).get("tool", {})
    table = tool.get("pypkg", {}) if isinstance(tool, dict) else {}
    return _parse(table, project.pyproject, "tool.pypkg.")


def _load_explicit(path: Path) -> tuple[str, Any]:
    """Return the prefix of the keys' names and the table: the whole document, or its part for pypkg."""
    if path.suffix.lower() == ".json":
        try:
            document = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror}") from error
        except ValueError as error:
            raise UsageError(f"Cannot read {path}: {error}") from error
        if isinstance(document, dict) and "pypkg" in document:
            return "pypkg.", document["pypkg"]
        return "", document
    loaded = load_toml(path)
    tool = loaded.get("tool")
    if isinstance(tool, dict) and "pypkg" in tool:
        return "tool.pypkg.", tool["pypkg"]
    return "", loaded


def _parse(table: object, origin: Path, prefix: str) -> Config:
    if not isinstance(table, dict):
        raise UsageError(f"{prefix.rstrip('.') or 'The document'} in {origin} is {_kind(table)}, wanted a table")
    values: dict[str, Any] = {}
    warnings = []
    for key, value in table.items():
        name = _plain(key)
        read = _READERS.get(name)
        if read is None:
            warnings.append(f"{origin}: unknown key {prefix}{key} (known: {', '.join(sorted(map(_dashed, _READERS)))})")
        elif name in values:
            raise UsageError(f"{prefix}{key} in {origin} is there twice, in two spellings")
        else:
            values[name] = read(value, f"{prefix}{key}", origin)
    return Config(directory=origin.parent, origin=origin, warnings=tuple(warnings), **values)


def _plain(key: str) -> str:
    """Return the attribute for a key: ``output-path``, ``outputPath`` and ``output_path`` are one."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _read_text(value: object, place: str, origin: Path) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{place} in {origin} is {_kind(value)}, wanted a string")
    return value


def _read_name(value: object, place: str, origin: Path) -> str:
    text = _read_text(value, place, origin)
    if not _NAME.fullmatch(text):
        raise UsageError(f"{place} in {origin} is {text!r}; wanted are letters, digits, '.', '_' and '-'")
    return text


def _read_path(value: object, place: str, origin: Path) -> Path:
    return origin.parent / _read_text(value, place, origin)


def _read_truth(value: object, place: str, origin: Path) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{place} in {origin} is {_kind(value)}, wanted true or false")
    return value


def _read_list(value: object, place: str, origin: Path) -> tuple[str, ...]:
    """Read one string or a list of strings."""
    items = value if isinstance(value, list) else [value]
    where = f"{place}[{{}}]" if isinstance(value, list) else place
    return tuple(_read_text(item, where.format(index), origin) for index, item in enumerate(items))


def _read_options(value: object, place: str, origin: Path) -> tuple[str, ...]:
    """Read options as on Python's command line, or one text in the manner of ``--options``."""
    items = _read_list(value, place, origin)
    try:
        return parse_options(items if isinstance(value, list) else split_options(items[0]))
    except UsageError as error:
        raise UsageError(f"{place} in {origin}: {error.message}", hint=error.hint) from error


_READERS: Final[Mapping[str, Callable[[object, str, Path], object]]] = {
    "assets": _read_list,
    "excludes": _read_list,
    "hidden_imports": _read_list,
    "ignore": _read_list,
    "name": _read_name,
    "options": _read_options,
    "output_path": _read_path,
    "public": _read_truth,
    "public_packages": _read_list,
    "scripts": _read_list,
    "targets": _read_list,
}

_KINDS: Final[Mapping[type, str]] = {
    bool: "a truth value",
    dict: "a table",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "an empty string",
    type(None): "null",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)
