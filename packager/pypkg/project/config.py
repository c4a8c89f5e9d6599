"""``[tool.pypkg]`` of a ``pyproject.toml`` or a script, or the file named by ``--config`` (TOML or JSON)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pypkg.diagnostics import Diagnostics
from pypkg.project.asset_list import Asset, AssetList, read_assets
from pypkg.project.dictionary_entry import DictionarySettings, read_dictionary_settings
from pypkg.project.interpreter_options import parse_options, split_options
from pypkg.project.project import PYPROJECT, Project, is_project_name
from pypkg_core.binaries.binary import Minimum
from pypkg_core.errors import UsageError
from pypkg_core.patterns import NO_PATTERNS, Expansion, Patterns
from pypkg_core.targets.versions import version_numbers
from pypkg_core.toml_tables import TableReader, load_toml, read_by

__all__ = ["Config", "is_below", "load_config"]


def _read_options(reader: TableReader, path: str, value: object) -> tuple[str, ...]:
    """Read options: a list as on Python's command line, or one string as ``--options`` takes it."""
    given = reader.convert(path, value, str | tuple[str, ...])
    try:
        return parse_options(split_options(given) if isinstance(given, str) else given)
    except UsageError as error:
        raise reader.error(path, error.message, hint=error.hint) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A configuration; what it does not set has its default. Patterns: `pypkg_core.patterns`.

    Attributes:
        directory: what patterns and ``output_path`` are relative to.
        origin: the file, for messages; ``None`` without one.
        diagnostics: warnings about unknown keys.
        targets: as on the command line.
        output_path: directory for the executables, absolute.
        name: the project's name below ``/snapshot`` and the executable's.
        scripts: Python files to compile and follow although nothing imports them.
        assets: files to package as they are.
        hidden_imports: modules to follow although nothing imports them.
        excludes: modules to leave out.
        ignore: files of the project to leave out.
        paths: more directories in which modules of the project are, absolute.
        public: package the project's source text.
        public_packages: distributions whose source text to package; ``*`` for all and the standard library.
        no_source: package no source text at all.
        options: interpreter options to build in, as on Python's command line.
        extras: of ``[project.optional-dependencies]``, to package too.
        glibc: the newest glibc that executables may need, ``2.17``; ``None`` for any.
        interpreter: whether the program is also the Python interpreter to processes that it starts.
        dictionary: entries of the dictionary to disable or to change.
    """

    directory: Path
    origin: Path | None = None
    diagnostics: Diagnostics = field(default_factory=Diagnostics, compare=False)
    targets: tuple[str, ...] = ()
    output_path: Path | None = None
    name: str | None = None
    scripts: Patterns = NO_PATTERNS
    assets: AssetList = field(default_factory=AssetList, metadata=read_by(read_assets))
    hidden_imports: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    ignore: Patterns = NO_PATTERNS
    paths: tuple[Path, ...] = ()
    public: bool = False
    public_packages: tuple[str, ...] = ()
    no_source: bool = False
    options: tuple[str, ...] = field(default=(), metadata=read_by(_read_options))
    extras: tuple[str, ...] = ()
    glibc: str | None = None
    interpreter: bool = True
    dictionary: DictionarySettings = field(
        default_factory=DictionarySettings, metadata=read_by(read_dictionary_settings)
    )

    @property
    def newest(self) -> Minimum | None:
        """The newest C library that executables may need."""
        return None if self.glibc is None else Minimum(name="glibc", version=version_numbers(self.glibc))

    def __post_init__(self) -> None:
        if self.name is not None and not is_project_name(self.name):
            raise ValueError(f"name: expected letters, digits, '.', '_' and '-', got {self.name!r}")
        if self.glibc is not None and re.fullmatch(r"2\.\d+", self.glibc) is None:
            raise ValueError(f"glibc: expected a version such as 2.17, got {self.glibc!r}")

    def expand_scripts(self) -> Expansion:
        """Return the files that ``scripts`` selects, without the ignored ones."""
        return self.scripts.expand(self.directory, ignore=self.ignore)

    def expand_assets(self, root: Path) -> list[Asset]:
        """Return the files that ``assets`` selects, without the ignored ones.

        Args:
            root: the project's directory.

        Raises:
            UsageError: a pattern matches nothing, or a file that keeps its path is outside the project.
        """
        return list(self.assets.expand(root, self.directory, ignore=self.ignore, origin=self.origin))


def is_below(module: str, name: str) -> bool:
    """Whether a module is the one called ``name``, or in it."""
    return module == name or module.startswith(f"{name}.")


# Of the document, the table for pypkg, by the name of the file's format.
_TABLES: Final = {"toml": ("tool", "pypkg"), "json": ("pypkg",)}


def load_config(project: Project, explicit: Path | None) -> Config:
    """Read the configuration that applies to a project.

    Args:
        explicit: the file of ``--config``, which replaces ``[tool.pypkg]`` of the project or script.

    Raises:
        UsageError: ``--config`` together with a ``pyproject.toml`` as input; a file that cannot be read; a value of
            the wrong type, named by its key path.
    """
    if explicit is not None:
        if project.input.name == PYPROJECT:
            raise UsageError(
                f"--config {explicit} cannot be used with {project.input} as input",
                hint="Name the directory or a script instead, or drop --config",
            )
        return _read_explicit(explicit)
    if project.inline is not None and project.inline.pypkg is not None:
        return _parse(project.inline.pypkg, project.inline.origin, "tool.pypkg")
    if project.pyproject is None:
        return Config(directory=project.root)
    found = _find_table(load_toml(project.pyproject, UsageError), _TABLES["toml"])
    return _parse({} if found is None else found, project.pyproject, "tool.pypkg")


def _read_explicit(path: Path) -> Config:
    """Read a file of pypkg's own: the whole document, or its table for pypkg."""
    is_json = path.suffix.lower() == ".json"
    document = _load_json(path) if is_json else load_toml(path, UsageError)
    keys = _TABLES["json" if is_json else "toml"]
    found = _find_table(document, keys)
    return _parse(document, path.absolute(), "") if found is None else _parse(found, path.absolute(), ".".join(keys))


def _load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"Cannot read {path}: {error}") from error


def _find_table(document: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _parse(table: object, origin: Path, path: str) -> Config:
    unknown: list[str] = []
    reader = TableReader(file=origin, error_type=UsageError, relaxed=True, warnings=unknown)
    diagnostics = Diagnostics()
    config = reader.row(path, table, Config, directory=origin.parent, origin=origin, diagnostics=diagnostics)
    for text in unknown:
        diagnostics.warning(text)
    return config
