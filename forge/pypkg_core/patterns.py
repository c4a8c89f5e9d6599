"""The one glob grammar: every setting that names files uses it.

A pattern is a path relative to a directory (the configuration's, or the one a distribution is installed in), with ``/``
between names:

======== ============================================================================================
``*``    any characters of one name, also none; never a ``/``
``?``    one character of a name
``[ab]`` one of these characters; ``[a-z]`` a range, ``[!ab]`` any other character, ``[*]`` a plain ``*``
``**``   as a whole name: any number of directories, also none; at the end: everything below
======== ============================================================================================

Names that begin with a dot are ordinary. Upper and lower case differ. A pattern that matches a directory stands for
everything below it; ``.`` is the whole directory. A leading ``!`` makes a pattern take away what it matches. In a list,
the last pattern that matches a path decides, so ``["data/*.map", "!data/keep.map"]`` is every map but one. Leading
``..`` leave the directory; absolute patterns are errors.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["NO_PATTERNS", "Expansion", "Patterns", "has_wildcard", "tree_items"]

_NEGATION: Final = "!"
_ANY_DIRECTORIES: Final = "**"
_WILDCARD: Final = re.compile(r"[*?[]")
# A star, a question mark, or a set as fnmatch delimits it: a "]" that comes first belongs to the set.
_TOKEN: Final = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """The files that patterns match.

    Attributes:
        files: absolute, sorted, each once: files, symbolic links, and empty directories.
        unmatched: the patterns that match nothing.
    """

    files: tuple[Path, ...]
    unmatched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns; `Patterns.of` checks them."""

    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Patterns:
        """Return a list of patterns.

        Raises:
            ValueError: a pattern is absolute.
        """
        patterns = cls(tuple(texts))
        for text in patterns.texts:
            if text.removeprefix(_NEGATION).startswith("/"):
                raise ValueError(f"expected a relative pattern, got {text!r}")
        return patterns

    def __bool__(self) -> bool:
        return bool(self.texts)

    def matches(self, path: str) -> bool:
        """Return whether the list selects a path.

        Args:
            path: relative to the directory of the patterns, with ``/`` between names.
        """
        for text in reversed(self.texts):
            if _compiled(text.removeprefix(_NEGATION)).fullmatch(path):
                return not text.startswith(_NEGATION)
        return False

    def selecting(self, path: str) -> tuple[str, ...]:
        """Return the patterns that match a path, without those that take away; see `matches`."""
        return tuple(text for text in self.texts if not text.startswith(_NEGATION) and _compiled(text).fullmatch(path))

    def expand(self, directory: Path, *, ignore: Patterns | None = None) -> Expansion:
        """Return the files that the list selects.

        Args:
            directory: what the patterns are relative to; absolute.
            ignore: patterns, relative to the same directory, of files to leave out.
        """
        found: set[Path] = set()
        unmatched = []
        for text in self.texts:
            if not text.startswith(_NEGATION):
                matched = set(_find(text, directory))
                found |= matched
                if not matched:
                    unmatched.append(text)
        files = []
        for file in sorted(found):
            path = _relative(file, directory)
            if self.matches(path) and not (ignore and ignore.matches(path)):
                files.append(file)
        return Expansion(files=tuple(files), unmatched=tuple(unmatched))


NO_PATTERNS: Final = Patterns()


def has_wildcard(text: str) -> bool:
    """Whether a pattern, or a name in one, stands for more than itself."""
    return _WILDCARD.search(text) is not None


def tree_items(top: Path) -> Iterator[Path]:
    """Yield everything below a directory, in order: files, symbolic links (not followed), empty directories."""
    for current, folders, files in os.walk(top):
        directory = Path(current)
        folders.sort()
        links = [name for name in folders if (directory / name).is_symlink()]
        for name in sorted(files + links):
            yield directory / name
        if not folders and not files and directory != top:
            yield directory


def _parts(pattern: str) -> list[str]:
    """Split a pattern into names; ``.`` has none."""
    text = posixpath.normpath(pattern)
    return [] if text == "." else text.split("/")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression for a pattern and everything below what it matches."""
    parts = _parts(pattern)
    ups = 0
    while parts[ups : ups + 1] == [".."]:
        ups += 1
    # No wildcard stands for "..".
    text = "../" * ups + r"(?!\.\.(?:/|\Z))"
    for number, part in enumerate(parts[ups:], start=ups + 1):
        last = number == len(parts)
        if part == _ANY_DIRECTORIES:
            text += ".+" if last else "(?:[^/]+/)*"
        else:
            text += _name_expression(part) + ("" if last else "/")
    return re.compile(text + ("(?:/.*)?" if len(parts) > ups else ".*"), re.DOTALL)


def _name_expression(part: str) -> str:
    text = ""
    end = 0
    for token in _TOKEN.finditer(part):
        text += re.escape(part[end : token.start()])
        if token[0].startswith("["):
            # fnmatch knows how to write ranges and odd characters; the rest of its translation is for whole names.
            text += "(?!/)" + fnmatch.translate(token[0]).removeprefix("(?s:")[:-3]
        else:
            text += "[^/]*" if token[0].startswith("*") else "[^/]"
        end = token.end()
    return text + re.escape(part[end:])


def _find(pattern: str, directory: Path) -> Iterator[Path]:
    """Yield the items that one pattern matches, without walking directories that it cannot reach."""
    parts = _parts(pattern)
    while parts[:1] == [".."]:
        directory = directory.parent
        parts = parts[1:]
    if _ANY_DIRECTORIES not in parts:
        for path in _descend(directory, parts):
            yield from _items(path)
        return
    expression = _compiled("/".join(parts))
    for top in _descend(directory, parts[: parts.index(_ANY_DIRECTORIES)]):
        for item in tree_items(top):
            if expression.fullmatch(_relative(item, directory)):
                yield item


def _items(path: Path) -> list[Path]:
    """Return what a path stands for: the items below a directory, or itself."""
    below = list(tree_items(path)) if path.is_dir() and not path.is_symlink() else []
    return below or [path]


def _descend(top: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield the paths below ``top`` that names without ``**`` lead to; links to directories are followed."""
    if not parts:
        yield top
    elif not has_wildcard(parts[0]):
        if os.path.lexists(top / parts[0]):
            yield from _descend(top / parts[0], parts[1:])
    elif top.is_dir():
        expression = re.compile(_name_expression(parts[0]), re.DOTALL)
        for name in sorted(os.listdir(top)):  # noqa: PTH208 - names, not paths
            if expression.fullmatch(name):
                yield from _descend(top / name, parts[1:])


def _relative(file: Path, directory: Path) -> str:
    if file.is_relative_to(directory):
        return file.relative_to(directory).as_posix()
    return Path(os.path.relpath(file, directory)).as_posix()
