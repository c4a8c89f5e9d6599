"""What nobody means to package: version control, caches, backups, secrets, earlier executables.

The kinds are the rows of ``data/never_inside.toml``.
"""

from __future__ import annotations

import functools
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from pypkg_core.binaries import read_image
from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.errors import PypkgError
from pypkg_core.image import OtherFormatError
from pypkg_core.patterns import NO_PATTERNS, Patterns
from pypkg_core.toml_tables import TableReader, read_by

__all__ = ["KINDS_FILE", "Kind", "Rule", "Suspect", "folder_kind", "is_readable_by_others", "link_kind", "suspects"]

KINDS_FILE: Final = Path(__file__).parents[1] / "data" / "never_inside.toml"
# Of each file this much is searched; a file of keys is smaller.
_SEARCHED_BYTES: Final = 1 << 20
_BY_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH
_IN_FOLDER_BY_OTHERS: Final = stat.S_IXGRP | stat.S_IXOTH


class Rule(StrEnum):
    """What code tells of a file."""

    LINK = "link"
    OWNER_ONLY = "owner-only"
    EXECUTABLE = "executable"


def _read_rule(reader: TableReader, path: str, value: object) -> Rule:
    try:
        return Rule(reader.convert(path, value, str))
    except ValueError as error:
        raise reader.error(path, f"expected one of {', '.join(Rule)}, got {value!r}") from error


def _read_expression(reader: TableReader, path: str, value: object) -> re.Pattern[bytes]:
    text = reader.convert(path, value, str).encode("latin-1")
    return re.compile(text, re.MULTILINE | re.DOTALL)


def _read_expressions(reader: TableReader, path: str, value: object) -> tuple[re.Pattern[bytes], ...]:
    texts = reader.convert(path, value, tuple[str, ...])
    return tuple(_read_expression(reader, f"{path}[{index}]", text) for index, text in enumerate(texts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a file holds: a text, for speed, and an expression."""

    text: str
    expression: re.Pattern[bytes] = field(metadata=read_by(_read_expression))

    def is_in(self, data: bytes) -> bool:
        """Whether data hold it."""
        return self.text.encode() in data and self.expression.search(data) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One row: see the comment at the top of the table.

    Attributes:
        one, many: its name, for one and for several.
        folders, files: names, in lower case.
        holding: files that make a folder one of this kind.
        beginnings: what a file begins with.
        contents: what its first part is searched for.
        rule: what only code can tell.
        secret: whether it is for its owner only.
        expected: whether it is no news that it is left out.
    """

    one: str
    many: str
    folders: Patterns = NO_PATTERNS
    holding: tuple[str, ...] = ()
    files: Patterns = NO_PATTERNS
    beginnings: tuple[re.Pattern[bytes], ...] = field(default=(), metadata=read_by(_read_expressions))
    contents: tuple[Content, ...] = ()
    rule: Rule | None = field(default=None, metadata=read_by(_read_rule))
    secret: bool = False
    expected: bool = False

    def is_spelled(self, name: str, words: Collection[str]) -> bool:
        """Whether words that somebody wrote name a file or folder of this kind: ``*.bak`` does, and ``*`` does not.

        Args:
            name: of the file or folder.
            words: the names in the patterns that match its path.
        """
        return name in words or any(self.folders.matches(word) or self.files.matches(word) for word in words)


class Suspect(NamedTuple):
    """A file, or the folder that it is in, of one of the kinds.

    Attributes:
        kind: of the file or folder.
        path: its path, relative to the directory that was asked about.
    """

    kind: Kind
    path: PurePosixPath


@functools.cache
def _kinds() -> tuple[Kind, ...]:
    reader = TableReader(file=KINDS_FILE)
    return reader.rows(reader.document(["kinds"]), "kinds", Kind)


@functools.cache
def _kind_of(rule: Rule) -> Kind:
    return next(kind for kind in _kinds() if kind.rule is rule)


def link_kind() -> Kind:
    """Return the kind of links that lead out of a project."""
    return _kind_of(Rule.LINK)


def suspects(directory: Path, relative: str, *, modes: bool) -> Iterator[Suspect]:
    """Yield what makes a file one that nobody means to package; nothing for most.

    Args:
        directory: the project's, or another one; what is above it does not count.
        relative: the file, link or directory below it.
        modes: whether permissions say something here.
    """
    path = PurePosixPath(relative)
    for parent in reversed(path.parents[:-1]):
        kind = folder_kind(directory / parent)
        if kind is not None:
            yield Suspect(kind, parent)
        # A link may lead below what is a file.
        if modes and not _may_others(directory / parent, _IN_FOLDER_BY_OTHERS) and (directory / parent).is_dir():
            yield Suspect(_kind_of(Rule.OWNER_ONLY), path)
    file = directory / path
    if file.is_dir():
        kind = folder_kind(file)
        if kind is not None:
            yield Suspect(kind, path)
        return
    name = path.name.lower()
    for kind in _kinds():
        if kind.files.matches(name):
            yield Suspect(kind, path)
    if file.is_file():
        yield from (Suspect(kind, path) for kind in _kinds_by_contents(file))
        if modes and not _may_others(file, _BY_OTHERS):
            yield Suspect(_kind_of(Rule.OWNER_ONLY), path)


@functools.cache  # every file in it asks
def folder_kind(folder: Path) -> Kind | None:
    """Return the kind of a folder, by its own name or what it holds; ``None`` for most."""
    name = folder.name.lower()
    for kind in _kinds():
        if kind.folders.matches(name):
            return kind
        if kind.holding and all((folder / item).is_file() for item in kind.holding):
            return kind
    return None


def is_readable_by_others(file: Path) -> bool:
    """Whether others than its owner may read a file: with the umask of some people, none of theirs is."""
    return _may_others(file, _BY_OTHERS)


def _may_others(path: Path, permissions: int) -> bool:
    try:
        return os.name != "posix" or bool(path.stat().st_mode & permissions)
    except OSError:
        return True


def _kinds_by_contents(file: Path) -> Iterator[Kind]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_SEARCHED_BYTES)
    except OSError:  # told when it is packaged
        return
    for kind in _kinds():
        begins = any(expression.match(data) for expression in kind.beginnings)
        if begins or any(content.is_in(data) for content in kind.contents):
            yield kind
    if data.startswith(EXECUTABLE_MAGICS) and _is_packaged_program(file):
        yield _kind_of(Rule.EXECUTABLE)


def _is_packaged_program(file: Path) -> bool:
    """Whether a file is an executable that pypkg made, in this version or another one; a base is not."""
    try:
        return read_image(file).is_application
    except OtherFormatError as error:
        return error.kind != "base"
    except PypkgError:
        return False
