"""The files that a configuration or the command line adds to a project: the key ``assets``, the option ``--asset``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pypkg_core.errors import UsageError
from pypkg_core.patterns import NO_PATTERNS, Patterns, has_wildcard, tree_items
from pypkg_core.toml_tables import TableReader

__all__ = ["Asset", "AssetList", "MovedAssets", "parse_asset", "read_assets"]

_FROM: Final = "from"
_TO: Final = "to"
_KEY: Final = "assets"
_OPTION: Final = "--asset"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """One file, link or empty directory to package.

    Attributes:
        directory: what it is packaged from: links that stay in it stay links.
        relative: its path below that directory, with ``/``.
        path: its path below the project's directory in the executable.
        words: the names that were written to select it; patterns are among them.
    """

    directory: Path
    relative: str
    path: str
    words: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedAssets:
    """Files that are named one by one, and may get another path.

    Attributes:
        directory: what ``source`` is relative to.
        source: a file, a directory or a pattern, as it was written.
        target: its path below the project; with a slash at the end, or for several files, that of a directory. ``None``
            if it keeps its own.
        shown: who names it, for messages.
    """

    directory: Path
    source: str
    target: str | None
    shown: str

    def __post_init__(self) -> None:
        """Refuse a target that is not below the project."""
        target = self.target
        if target is not None and (target.startswith("/") or ".." in PurePosixPath(target).parts or not target.strip()):
            raise ValueError(f"{_TO}: expected a path below the project, got {target!r}")

    def expand(self, root: Path) -> Iterator[Asset]:
        """Yield the files.

        Args:
            root: the project's directory.

        Raises:
            UsageError: there is none, or one that keeps its path is outside the project.
        """
        top, items = self._found()
        words = frozenset(PurePosixPath(self.source).parts)
        for item in items:
            if self.target is None:
                path = _below(item, root, self.shown, self.source)
                yield Asset(directory=root, relative=path, path=path, words=words)
                continue
            relative = item.relative_to(top).as_posix()
            into = self.target.endswith("/") or os.path.normpath(self.target) == "."
            if relative == ".":  # one file, which is no link any more where it is put; or an empty directory
                target = f"{self.target}/{top.name}" if into and not top.is_dir() else self.target
                real = top.resolve()
                yield Asset(directory=real.parent, relative=real.name, path=_normal(target), words=words | {real.name})
            else:
                yield Asset(directory=top, relative=relative, path=_normal(f"{self.target}/{relative}"), words=words)

    def _found(self) -> tuple[Path, list[Path]]:
        """Return the file or directory that ``source`` begins with, and everything that it selects there."""
        whole = Path(os.path.normpath(self.directory / self.source))
        if os.path.lexists(whole):
            return whole, (list(tree_items(whole)) if whole.is_dir() else []) or [whole]
        parts = whole.relative_to(whole.anchor).parts
        plain = next((number for number, part in enumerate(parts) if has_wildcard(part)), len(parts))
        top = Path(whole.anchor, *parts[:plain])
        files = Patterns(("/".join(parts[plain:]),)).expand(top).files if plain < len(parts) and top.is_dir() else ()
        if not files:
            raise UsageError(f"{self.shown} names '{self.source}', which matches no file")
        return top, list(files)


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetList:
    """All that ``assets`` and ``--asset`` name.

    Attributes:
        patterns: of files that keep their paths, relative to the configuration's directory.
        moved: the others.
    """

    patterns: Patterns = NO_PATTERNS
    moved: tuple[MovedAssets, ...] = ()

    def expand(self, root: Path, directory: Path, *, ignore: Patterns, origin: Path | None) -> Iterator[Asset]:
        """Yield the files, without the ignored ones.

        Args:
            root: the project's directory.
            directory: the configuration's.
            ignore: patterns, relative to that, of files to leave out.
            origin: the configuration's file, for messages.

        Raises:
            UsageError: a pattern matches nothing, or a file that keeps its path is outside the project.
        """
        shown = f"{_KEY} in {origin}"
        expansion = self.patterns.expand(directory, ignore=ignore)
        if expansion.unmatched:
            raise UsageError(f"{shown} names '{expansion.unmatched[0]}', which matches no file")
        for file in expansion.files:
            written = self.patterns.selecting(Path(os.path.relpath(file, directory)).as_posix())
            path = _below(file, root, shown, written[0])
            words = frozenset(part for text in written for part in PurePosixPath(text).parts)
            yield Asset(directory=root, relative=path, path=path, words=words)
        for item in self.moved:
            for asset in item.expand(root):
                file = asset.directory / asset.relative
                if not (ignore and file.is_relative_to(directory) and ignore.matches(_relative(file, directory))):
                    yield asset


def read_assets(reader: TableReader, path: str, value: object) -> AssetList:
    """Read the key: a pattern, a table ``{ from, to }``, or a list of both.

    Raises:
        PypkgError: an item is something else, a pattern is absolute, or a table has other keys.
    """
    texts: list[str] = []
    moved: list[MovedAssets] = []
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        where = f"{path}[{index}]" if isinstance(value, list) else path
        if isinstance(item, dict):
            moved.append(_read_moved(reader, where, item))
        else:
            texts.append(reader.convert(where, item, str))
    return AssetList(patterns=reader.convert(path, texts, Patterns), moved=tuple(moved))


def _read_moved(reader: TableReader, path: str, table: dict[str, object]) -> MovedAssets:
    for key in (_FROM, _TO):
        if key not in table:
            raise reader.error(f"{path}.{key}", "is missing", hint='Write { from = "../x.txt", to = "data/x.txt" }')
    for key in table:
        if key not in (_FROM, _TO):
            raise reader.error(f"{path}.{key}", "unknown key", hint=f"Known keys: {_FROM}, {_TO}")
    source, target = (reader.convert(f"{path}.{key}", table[key], str) for key in (_FROM, _TO))
    try:
        return MovedAssets(directory=reader.file.parent, source=source, target=target, shown=f"{_KEY} in {reader.file}")
    except ValueError as error:
        key, _, problem = str(error).partition(": ")
        raise reader.error(f"{path}.{key}", problem) from error


def parse_asset(text: str, directory: Path) -> MovedAssets:
    """Parse ``SRC`` or ``SRC=DEST``, the value of ``--asset``.

    Args:
        directory: what SRC is relative to.

    Raises:
        UsageError: DEST is not below the project.
    """
    source, equals, target = text.rpartition("=")
    if not equals or os.path.lexists(directory / text):  # a file whose name has the sign
        source, target = text, ""
    elif not target:
        raise UsageError(f"{_OPTION} {text}: expected a path after '='")
    try:
        return MovedAssets(directory=directory, source=source, target=target or None, shown=f"{_OPTION} {text}")
    except ValueError as error:
        raise UsageError(f"{_OPTION} {text}: {str(error).partition(': ')[2]}") from error


def _below(file: Path, root: Path, shown: str, written: str) -> str:
    if not file.is_relative_to(root):
        name = PurePosixPath(written).name
        target = "data/" if has_wildcard(name) else f"data/{name}"
        raise UsageError(
            f"{shown} names {file}, which is outside the project {root} and has no path in it",
            hint=f'Give it one: assets = [{{ from = "{written}", to = "{target}" }}], or {_OPTION} {written}={target}',
        )
    return file.relative_to(root).as_posix()


def _relative(file: Path, directory: Path) -> str:
    return file.relative_to(directory).as_posix()


def _normal(path: str) -> str:
    return PurePosixPath(os.path.normpath(path)).as_posix()
