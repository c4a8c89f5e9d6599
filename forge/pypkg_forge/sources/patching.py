"""Applies numbered patches to a source tree: exactly, apart from line numbers, or not at all.

Format: unified diffs, gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["FilePatch", "Hunk", "apply_patches", "parse_patch", "patch_files"]

_HUNK: Final = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NAME: Final = re.compile(r"^\d{4}-[a-z0-9-]+\.patch$")
_COMMON: Final = "common"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """One change: the lines ``old`` (context and removed) at line ``start`` (from 1) become ``new``."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePatch:
    """The hunks for one file; its path is relative to the tree."""

    path: str
    hunks: tuple[Hunk, ...]


def patch_files(root: Path, series: str) -> list[Path]:
    """Return the numbered patches of a Python series in order.

    ``common`` holds what every series gets; a patch in ``<series>`` replaces the common one of its number.

    Args:
        root: the directory with ``common`` and one directory for each series.
        series: "3.13".

    Raises:
        PypkgError: the series has no directory, a file is not named ``0001-what-it-does.patch``, or two patches of one
            directory share a number.
    """
    if not (root / series).is_dir():
        raise PypkgError(f"There are no patches for Python {series}: {root / series} is missing")
    numbered = _numbered(root / _COMMON) | _numbered(root / series)
    return [numbered[number] for number in sorted(numbered)]


def _numbered(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not _NAME.match(path.name):
            raise PypkgError(f"{path} has an invalid patch name", hint="Name it 0001-what-it-does.patch")
        first = found.setdefault(path.name[:4], path)
        if first is not path:
            raise PypkgError(
                f"Two patches have one number: {first.name} and {path.name}", context={"directory": folder}
            )
    return found


def parse_patch(text: str, shown: Path) -> list[FilePatch]:
    """Parse a unified diff between ``a/`` and ``b/``; the text before the first file is its reason.

    Raises:
        PypkgError: it has no hunk, or the line counts of a hunk are wrong.
    """
    lines = text.split("\n")
    files: list[FilePatch] = []
    path = ""
    hunks: list[Hunk] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.startswith("--- a/") and index < len(lines) and lines[index].startswith("+++ b/"):
            if path:
                files.append(FilePatch(path=path, hunks=tuple(hunks)))
            path, hunks = lines[index][6:].split("\t")[0], []
            index += 1
        elif match := _HUNK.match(line):
            if not path:
                raise PypkgError(f"{shown}:{index}: a hunk without a file name")
            hunk, index = _parse_hunk(lines, index, match, shown)
            hunks.append(hunk)
    if not hunks:
        raise PypkgError(f"{shown} contains no change")
    files.append(FilePatch(path=path, hunks=tuple(hunks)))
    return files


def _parse_hunk(lines: Sequence[str], index: int, match: re.Match[str], shown: Path) -> tuple[Hunk, int]:
    start, old_count, new_count = int(match[1]), int(match[2] or "1"), int(match[4] or "1")
    first = index
    old: list[str] = []
    new: list[str] = []
    while len(old) < old_count or len(new) < new_count:
        line = lines[index] if index < len(lines) - 1 else "?"  # the last item is the text after the last line end
        mark, rest = line[:1], line[1:]
        if mark in (" ", ""):  # an editor may have removed the blank of an empty context line
            old.append(rest)
            new.append(rest)
        elif mark == "-":
            old.append(rest)
        elif mark == "+":
            new.append(rest)
        else:
            raise PypkgError(f"{shown}:{index + 1}: the hunk of line {first} is truncated")
        index += 1
    if len(old) != old_count or len(new) != new_count:
        raise PypkgError(f"{shown}:{first}: the hunk's line counts differ from its header")
    return Hunk(start=start, old=tuple(old), new=tuple(new)), index


def apply_patches(tree: Path, patches: Sequence[Path]) -> list[str]:
    """Apply patches to the files below ``tree``, in order.

    Context lines must match exactly. Releases differ in line numbers, so a hunk may apply at another line than it
    says, if its lines occur exactly once in the file.

    Returns:
        A line for each patched file, with the offsets of its hunks, for the log.

    Raises:
        PypkgError: a patch does not apply; the tree is then unusable.
    """
    return [line for patch in patches for line in _apply(tree, patch)]


def _apply(tree: Path, patch: Path) -> Iterator[str]:
    try:
        files = parse_patch(patch.read_text(encoding="utf-8"), patch)
    except (OSError, UnicodeDecodeError) as error:
        raise PypkgError(f"Cannot read {patch}: {error}") from error
    for file in files:
        path = tree / file.path
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise PypkgError(f"{patch.name} does not apply: cannot read {file.path}: {error}") from error
        growth = 0  # lines that earlier hunks added, and the offset at which the last of them applied
        offsets: list[str] = []
        for number, hunk in enumerate(file.hunks, start=1):
            expected = hunk.start - 1 + growth
            at = _find(lines, hunk.old, expected)
            if at is None:
                raise PypkgError(
                    f"{patch.name} does not apply to {file.path}: expected the lines of hunk {number} "
                    f"(line {hunk.start}) there, or exactly once elsewhere",
                    hint="Make the patch again for this release of Python",
                    context={"tree": tree},
                )
            if at != expected:
                offsets.append(f"hunk {number} with an offset of {at - expected:+d} lines")
            lines[at : at + len(hunk.old)] = hunk.new
            growth += len(hunk.new) - len(hunk.old) + (at - expected)
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        yield ", ".join([f"{patch.name}: {file.path}", *offsets])


def _find(lines: Sequence[str], old: tuple[str, ...], expected: int) -> int | None:
    """Return the index of ``old``: the expected one, else the only one; ``None`` if there is none."""
    size = len(old)
    if tuple(lines[expected : expected + size]) == old and expected >= 0:
        return expected
    found = [at for at in range(len(lines) - size + 1) if lines[at] == old[0] and tuple(lines[at : at + size]) == old]
    return found[0] if len(found) == 1 else None
