"""The table of results, for a terminal and as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

__all__ = ["Figure", "Row", "as_markdown", "machine", "put_section", "ratio"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One measured figure.

    Attributes:
        what: what is compared.
        ours, theirs: the two values with their units.
        figure: the ratio, or the value that the limit applies to.
        reach: the limit as text; empty if there is none.
        reached: whether the limit is met; ``None`` without a limit.
    """

    what: str
    ours: str
    theirs: str
    figure: str
    reach: str = ""
    reached: bool | None = None


class Figure(TypedDict):
    """The fields of a row that depend on its figure."""

    figure: str
    reach: str
    reached: bool | None


def ratio(value: float, *, at_most: float | None = None, at_least: float | None = None) -> Figure:
    """Return a ratio, and whether it meets its limit."""
    figure = f"{value:.2f}"
    if at_most is not None:
        return {"figure": figure, "reach": f"<= {at_most:g}", "reached": value <= at_most}
    if at_least is not None:
        return {"figure": figure, "reach": f">= {at_least:g}", "reached": value >= at_least}
    return {"figure": figure, "reach": "", "reached": None}


def machine() -> str:
    """Return the processor, its cores and the kernel as text."""
    models = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def as_markdown(rows: Sequence[Row], facts: Sequence[str]) -> str:
    """Return the first section of docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python benchmarks/run.py`. Peers are installed from the package index in the same run, and the",
        "commands of a comparison take turns. A time is the median of five batches, of each the shortest run.",
        "",
        *(f"- {fact}" for fact in facts),
        "",
        "| what | pypkg | against | ratio | to reach | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        mark = {True: "reached", False: "**missed**", None: ""}[row.reached]
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {row.figure} | {row.reach} | {mark} |")
    return "\n".join(lines) + "\n"


def put_section(page: str, section: str) -> str:
    """Replace a section of a Markdown page, or append it if the page has none of its heading.

    Args:
        section: begins with its heading, and ends at the next heading, of any level.
    """
    lines = page.splitlines()
    headings = _headings(lines)
    start = next((number for number in headings if lines[number] == section.splitlines()[0]), None)
    if start is None:
        return f"{page.rstrip()}\n\n{section}" if page else section
    end = next((number for number in headings if number > start), len(lines))
    after = ["", *lines[end:]] if end < len(lines) else []
    return "\n".join([*lines[:start], *section.splitlines(), *after]) + "\n"


def _headings(lines: Sequence[str]) -> list[int]:
    """Return the numbers of the lines that are headings: not the comments in blocks of code."""
    found, in_code = [], False
    for number, line in enumerate(lines):
        if line.startswith("```"):
            in_code = not in_code
        elif line.startswith("#") and not in_code:
            found.append(number)
    return found
