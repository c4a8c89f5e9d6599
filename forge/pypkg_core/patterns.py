"""Globs of a configuration: ``**``, names that begin with a dot included, ``!`` takes away."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

__all__ = ["Expansion", "expand", "tree_items"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """What globs stand for.

    Attributes:
        files: absolute, sorted, each once: files, symbolic links, and directories that are empty.
        unmatched: the globs that matched nothing.
    """

    files: tuple[Path, ...]
    unmatched: tuple[str, ...]


def expand(patterns: Sequence[str], directory: Path, *, ignore: Iterable[str] = ()) -> Expansion:
    """Return the files that globs match.

    Args:
        patterns: applied in order: each adds its files, or with ``!`` takes them away. A directory stands for
            everything in it.
        directory: what they are relative to.
        ignore: globs whose files are taken away in the end.
    """
    found: dict[Path, None] = {}
    unmatched = []
    for pattern in [*patterns, *(f"!{item}" for item in ignore)]:
        files = _match(pattern.removeprefix("!"), directory)
        if pattern.startswith("!"):
            for file in files:
                found.pop(file, None)
        elif files:
            found.update(dict.fromkeys(files))
        else:
            unmatched.append(pattern)
    return Expansion(files=tuple(sorted(found)), unmatched=tuple(unmatched))


def tree_items(place: Path) -> Iterator[Path]:
    """Yield what is below a directory, in order: files, symbolic links (not followed), directories that are empty."""
    for top, folders, files in os.walk(place):
        directory = Path(top)
        folders.sort()
        links = [name for name in folders if (directory / name).is_symlink()]
        for name in sorted(files + links):
            yield directory / name
        if not folders and not files and directory != place:
            yield directory


def _match(pattern: str, directory: Path) -> list[Path]:
    parts = PurePosixPath(pattern).parts
    if "**" in parts:
        depth = parts.index("**")
        return [
            item
            for top in _plain_matches("/".join(parts[:depth]) or ".", directory)
            for item in (tree_items(top) if top.is_dir() else ())
            if _fits(item.relative_to(top).parts, parts[depth:])
        ]
    result: list[Path] = []
    for path in _plain_matches(pattern, directory):
        result += tree_items(path) if path.is_dir() and not path.is_symlink() else [path]
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            result.append(path)
    return result


def _plain_matches(pattern: str, directory: Path) -> list[Path]:
    # Not Path.glob: on 3.11 it leaves dangling links out.
    return [directory / match for match in glob.iglob(pattern, root_dir=directory, include_hidden=True)]  # noqa: PTH207


def _fits(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path below a directory matches a pattern whose ``**`` spans directories."""
    if not parts:
        return not names
    if parts[0] == "**":
        if len(parts) == 1:
            return True
        return any(_fits(names[start:], parts[1:]) for start in range(len(names)))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _fits(names[1:], parts[1:])
