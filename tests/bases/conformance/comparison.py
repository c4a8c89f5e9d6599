"""Two runs of the program, result by result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .explained import Explanation, load_explanations

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The result of one target.

    Attributes:
        target: its name.
        counts: group -> (number of results, number of explained differences).
        unexplained: result -> (from source, packaged), for differences that no explanation covers.
        outdated: patterns of explanations that match no difference.
        results: each result of the packaged program, as JSON.
    """

    target: str
    counts: Mapping[str, tuple[int, int]]
    unexplained: Mapping[str, tuple[str, str]]
    outdated: list[str]
    results: Mapping[str, str]


def compare(target: str, source: Mapping[str, Any], packaged: Mapping[str, Any]) -> Comparison:
    """Compare the results of the run from source with those of the packaged program."""
    expected, got = dict(_leaves(source, "")), dict(_leaves(packaged, ""))
    rows = [row for row in load_explanations() if row.applies(target)]
    counts: dict[str, tuple[int, int]] = {}
    unexplained: dict[str, tuple[str, str]] = {}
    differing: dict[str, str] = {}
    for name in sorted(expected.keys() | got.keys()):
        group = name.partition(".")[0]
        one, other = expected.get(name, "nothing"), got.get(name, "nothing")
        results, explained = counts.get(group, (0, 0))
        if one != other:
            differing[name] = other
            if any(row.covers(name, other) for row in rows):
                explained += 1
            else:
                unexplained[name] = (one, other)
        counts[group] = (results + 1, explained)
    return Comparison(
        target=target, counts=counts, unexplained=unexplained, outdated=_outdated(rows, differing), results=got
    )


def _outdated(rows: list[Explanation], differing: Mapping[str, str]) -> list[str]:
    return [
        pattern
        for row in rows
        for pattern in row.checks
        if not any(fnmatchcase(name, pattern) and fnmatchcase(seen, row.seen) for name, seen in differing.items())
    ]


def _leaves(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Yield every result with its dotted name, as JSON."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    else:
        yield name, json.dumps(value, ensure_ascii=False, sort_keys=True)
