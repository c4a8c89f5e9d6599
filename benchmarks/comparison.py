"""Interpreters that take turns at the same workloads: the order, the shortest times, the table."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Times", "as_table", "seconds_text", "turns"]

_T = TypeVar("_T")


def turns(workloads: Sequence[_T], interpreters: Sequence[str], *, number: int) -> Iterator[tuple[_T, str]]:
    """Yield who runs what in a round: at each workload every interpreter in turn.

    Whatever slows the machine for a while slows all of them, and from turn to turn another one is the first.

    Args:
        number: of the round, from 0.
    """
    for index, workload in enumerate(workloads):
        first = (index + number) % len(interpreters)
        for name in (*interpreters[first:], *interpreters[:first]):
            yield workload, name


@dataclass(kw_only=True, slots=True)
class Times:
    """The shortest time of each benchmark with each interpreter.

    Attributes:
        peer: the interpreter that the others are compared with.
        seconds: (group, benchmark) -> interpreter -> seconds, in the order of the table.
    """

    peer: str
    seconds: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)

    def add(self, group: str, interpreter: str, seconds: Mapping[str, float]) -> None:
        """Add what one run measured: benchmark -> seconds."""
        for benchmark, value in seconds.items():
            best = self.seconds.setdefault((group, benchmark), {})
            best[interpreter] = min(value, best.get(interpreter, value))

    def ratios(self, interpreter: str) -> dict[tuple[str, str], float]:
        """Return an interpreter's times divided by the peer's: below 1, it is faster."""
        return {key: found[interpreter] / found[self.peer] for key, found in self.seconds.items()}

    def means(self, interpreter: str) -> dict[str, float]:
        """Return the geometric mean of the ratios of each group, and of "all"."""
        groups: dict[str, list[float]] = {}
        for (group, _), ratio in self.ratios(interpreter).items():
            groups.setdefault(group, []).append(ratio)
        groups["all"] = [ratio for ratios in groups.values() for ratio in ratios]
        return {group: statistics.geometric_mean(ratios) for group, ratios in groups.items()}


def seconds_text(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def as_table(times: Times, interpreters: Sequence[str]) -> list[str]:
    """Return the lines of a Markdown table: the geometric means, then every benchmark.

    Args:
        interpreters: without the peer.
    """
    lines = [
        f"| group | benchmark | {times.peer} | {' | '.join(f'{name} | ratio' for name in interpreters)} |",
        "| --- | --- | --- |" + " --- | --- |" * len(interpreters),
    ]
    means = {name: times.means(name) for name in interpreters}
    for group in means[interpreters[0]]:
        cells = "".join(f" | **{means[name][group]:.3f}** |" for name in interpreters)
        lines.append(f"| {group} | geometric mean | |{cells}")
    for (group, benchmark), found in times.seconds.items():
        cells = "".join(
            f" {seconds_text(found[name])} | {found[name] / found[times.peer]:.2f} |" for name in interpreters
        )
        lines.append(f"| {group} | {benchmark} | {seconds_text(found[times.peer])} |{cells}")
    return lines
