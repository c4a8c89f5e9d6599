"""Globs of a configuration: ``**``, names that begin with a dot included, ``!`` takes away."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Expansion", "expand"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """What globs stand for.

    Attributes:
        files: absolute, sorted, each once.
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


def _match(pattern: str, directory: Path) -> list[Path]:
    result = []
    # Not Path.glob: on 3.11 and 3.12 its ** means directories only.
    for match in glob.iglob(pattern, root_dir=directory, recursive=True, include_hidden=True):  # noqa: PTH207
        path = directory / match
        if path.is_dir():
            result += [item for item in path.rglob("*") if item.is_file()] if "**" not in pattern else []
        elif path.is_file():
            result.append(path)
    return result
