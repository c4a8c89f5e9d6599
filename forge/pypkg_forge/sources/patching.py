"""Applies numbered patches to a source tree: exactly, or not at all.

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """One place: the lines ``old`` (context and removed) at line ``start`` (from 1) become ``new``."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePatch:
    """The hunks for one file, its path relative to the tree."""

    path: str
    hunks: tuple[Hunk, ...]


def patch_files(folder: Path) -> list[Path]:
    """The numbered patches of a series in order.

    Raises:
        PypkgError: the folder is missing, a file in it is not named ``0001-what-it-does.patch``, or two share a number.
    """
    if not folder.is_dir():
        raise PypkgError(f"There are no patches for this Python: {folder} is missing")
    found = sorted(path for path in folder.iterdir() if path.is_file())
    numbers: dict[str, Path] = {}
    for path in found:
        if not _NAME.match(path.name):
            raise PypkgError(f"{path} is not named like a patch", hint="Name it 0001-what-it-does.patch.")
        first = numbers.setdefault(path.name[:4], path)
        if first is not path:
            raise PypkgError(f"Two patches have one number: {first.name} and {path.name}", context={"folder": folder})
    return found


def parse_patch(text: str, shown: Path) -> list[FilePatch]:
    """Read a unified diff made against ``a/`` and ``b/``; words before its first file are its reason.

    Raises:
        PypkgError: it has no hunk, or a hunk does not hold the lines it announces.
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
                raise PypkgError(f"{shown}:{index}: a hunk before any file name")
            hunk, index = _parse_hunk(lines, index, match, shown)
            hunks.append(hunk)
    if not hunks:
        raise PypkgError(f"{shown} holds no change")
    files.append(FilePatch(path=path, hunks=tuple(hunks)))
    return files


def _parse_hunk(lines: Sequence[str], index: int, match: re.Match[str], shown: Path) -> tuple[Hunk, int]:
    start, old_count, new_count = int(match[1]), int(match[2] or "1"), int(match[4] or "1")
    first = index
    old: list[str] = []
    new: list[str] = []
    while len(old) < old_count or len(new) < new_count:
        line = lines[index] if index < len(lines) - 1 else "?"  # the last one is what follows the last line end
        mark, rest = line[:1], line[1:]
        if mark in (" ", ""):  # an editor may have cut the blank of an empty context line
            old.append(rest)
            new.append(rest)
        elif mark == "-":
            old.append(rest)
        elif mark == "+":
            new.append(rest)
        else:
            raise PypkgError(f"{shown}:{index + 1}: the hunk of line {first} is cut short")
        index += 1
    if len(old) != old_count or len(new) != new_count:
        raise PypkgError(f"{shown}:{first}: the hunk does not hold the lines it announces")
    return Hunk(start=start, old=tuple(old), new=tuple(new)), index


def apply_patches(tree: Path, patches: Sequence[Path]) -> list[str]:
    """Apply patches to the files below ``tree``, in order; return one line per patch for the log.

    Every line of context must be there as the patch says. A series has several releases, so a hunk may lie on
    other lines than it says, if its lines are found in one place only.

    Raises:
        PypkgError: a patch does not apply; the tree is then not fit for use.
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
        shift = 0  # how much longer earlier hunks made the file
        offsets: list[int] = []
        for number, hunk in enumerate(file.hunks, start=1):
            wanted = hunk.start - 1 + shift
            at = _find(lines, hunk.old, wanted)
            if at is None:
                raise PypkgError(
                    f"{patch.name} does not apply to {file.path}: the lines of hunk {number} (line {hunk.start}) "
                    "are not there, or in more than one place",
                    hint="Make the patch again for this release of Python.",
                    context={"tree": tree},
                )
            offsets.append(at - wanted)
            lines[at : at + len(hunk.old)] = hunk.new
            shift += len(hunk.new) - len(hunk.old) + (at - wanted)
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        moved = f", {offsets[0]:+d} lines" if any(offsets) else ""
        yield f"{patch.name}: {file.path}{moved}"


def _find(lines: Sequence[str], old: tuple[str, ...], wanted: int) -> int | None:
    size = len(old)
    if tuple(lines[wanted : wanted + size]) == old and wanted >= 0:
        return wanted
    places = [at for at in range(len(lines) - size + 1) if lines[at] == old[0] and tuple(lines[at : at + size]) == old]
    return places[0] if len(places) == 1 else None
