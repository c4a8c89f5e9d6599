"""The page about the targets: what was forged, what that took, how it was verified; and what was not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matrix.cell import Cell, Conformance, Forging, Made
from pypkg_core.targets.catalogue import Target, catalogue

__all__ = ["document"]

INTRODUCTION = """# Targets: what was forged here

Written by `{command}`, which forges the base of every target below,
verifies it, and runs the program of [conformance](conformance.md) on it.

- **first**, **further**: processor time of the forge and of all programs that it started, in core-minutes, on a machine
  with {processors}. *First* is the first Python of a machine: the libraries that a base needs are compiled too.
  *Further* is another Python of the same machine, which uses them again. It is the longest forge of these objects:
  that a base is linked once more is not counted. "With host Python": the interpreter of the series that compiles the
  standard library, which all machines share, was made in the same forge. No number: the base was there already.
- **verified**: `pypkg-forge verify` checked its structure, and ran it here or by an emulator of its processor.
- **conformance**: results that are the same from source and packaged, of all; the others are explained unless it says
  so.
"""
AGAIN = """
## Forged twice

Once more, with everything else of the forge's circumstances: {circumstances}.

| target | Python | the second base |
| --- | --- | --- |
"""
MISSING = """
## Not forged

| Python | machines | why |
| --- | --- | --- |
"""


def document(
    targets: Sequence[Target], cells: Mapping[str, Cell], reasons: Mapping[str, str], *, command: str, processors: int
) -> str:
    """Return the page as Markdown.

    Args:
        targets: all that it is about, in order.
        cells: what is recorded, by target.
        reasons: why the forge cannot build a target, by target.
        command: what writes the page.
        processors: of the machine.
    """
    shown = f"{processors} processors" if processors != 1 else "one processor"
    lines = [
        INTRODUCTION.format(command=command, processors=shown),
        "| machine | Python | size, MB | first | further | verified | conformance |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    made = [(target, cells[target.name], row) for target in targets if (row := cells[target.name].made) is not None]
    lines += [_row(target, cell, row) for target, cell, row in made]
    page = "\n".join(lines) + "\n"
    again = [(target, cell, row) for target, cell, row in made if cell.again is not None]
    if again:
        page += _forged_twice(again)
    missing = {
        target: reasons.get(target.name) or _reason(cells[target.name])
        for target in targets
        if cells[target.name].made is None
    }
    if missing:
        page += MISSING + "\n".join(_missing(missing)) + "\n"
    return page


def _row(target: Target, cell: Cell, made: Made) -> str:
    first = cell.forging if cell.forging is not None and cell.forging.dependencies == "all" else None
    further = cell.forging if cell.forging is not None and cell.forging.dependencies == "none" else None
    values = [
        _machine(target),
        made.release,
        f"{made.size / 1e6:.1f}",
        _minutes(first),
        _minutes(further),
        made.verified,
        _conformance(cell.conformance),
    ]
    return f"| {' | '.join(values)} |"


def _machine(target: Target) -> str:
    return f"{target.platform}-{target.arch}"


def _minutes(forging: Forging | None) -> str:
    if forging is None:
        return ""
    return f"{forging.core_minutes:.1f}{' with host Python' if forging.host_python else ''}"


def _conformance(found: Conformance | None) -> str:
    if found is None:
        return "not run"
    if found.problem:
        return f"not run: {_cell_text(found.problem)}"
    failed = f", {found.failed} not explained" if found.failed else ""
    return f"{found.passed:,} of {found.results:,}{failed}"


def _forged_twice(rows: Iterable[tuple[Target, Cell, Made]]) -> str:
    lines, circumstances = [], ""
    for target, cell, made in rows:
        again = cell.again
        if again is None:
            continue
        circumstances = circumstances or ", ".join(again.circumstances)
        if again.problem:
            what = f"none: {_cell_text(again.problem)}"
        else:
            what = "the same bytes" if again.same else f"differs in {', '.join(again.differing)}"
        lines.append(f"| {_machine(target)} | {made.release} | {what} |")
    return AGAIN.format(circumstances=circumstances or "none of them worked") + "\n".join(lines) + "\n"


def _reason(cell: Cell) -> str:
    if cell.unavailable:
        return cell.unavailable
    return f"the forge failed: {cell.failed}" if cell.failed else "not tried yet"


def _missing(missing: Mapping[Target, str]) -> list[str]:
    """Return a row for each series and reason; "all" stands for every machine of the series."""
    groups: dict[tuple[str, str], list[Target]] = {}
    for target, reason in missing.items():
        groups.setdefault((target.series, _cell_text(reason)), []).append(target)
    order = list(catalogue().versions.values())
    lines = []
    for version in order:
        for (series, reason), group in groups.items():
            if series == version.series:
                machines = ", ".join(map(_machine, group))
                lines.append(f"| {series} | {machines} | {reason} |")
    return lines


def _cell_text(text: str) -> str:
    """Return the first line of a text, for a cell of a table."""
    return text.strip().splitlines()[0].replace("|", "\\|")
