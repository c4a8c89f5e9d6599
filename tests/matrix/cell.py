"""One target of the matrix: what is recorded of it, a JSON file for each in the cache.

A record says what was seen of one base; another base of the target (another key) replaces it. Delete a file to examine
its target again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pypkg_core.atomic import atomic_write
from pypkg_core.cache import cache_root

__all__ = ["Again", "Cell", "Conformance", "Forging", "Made", "Share", "larger", "load", "save"]

Share = Literal["all", "some", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Forging:
    """What the forge of a base cost.

    Attributes:
        objects: the key of CPython's objects: a base that is only linked again has the same.
        core_minutes: processor time of the forge and of every program that it started, in minutes.
        dependencies: how many of the machine's libraries were compiled in it.
        host_python: whether the series' interpreter for this machine was compiled in it.
    """

    objects: str
    core_minutes: float
    dependencies: Share
    host_python: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A base that was forged and verified.

    Attributes:
        key: that of its recipe.
        release: ``3.13.15``.
        size: in bytes.
        verified: how: ``run here``, ``run by qemu-aarch64-static``, ``structure only: why``.
    """

    key: str
    release: str
    size: int
    sha256: str
    verified: str

    @property
    def runs(self) -> bool:
        """Whether it ran when it was verified."""
        return self.verified.startswith("run ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Conformance:
    """How the program of ``tests/bases/conformance`` compared.

    Attributes:
        results: how many there are.
        explained: those that differ, for a known reason.
        failed: those that differ without one.
        problem: why it did not run; empty if it did.
    """

    results: int = 0
    explained: int = 0
    failed: int = 0
    problem: str = ""

    @property
    def passed(self) -> int:
        """How many results are the same."""
        return self.results - self.explained - self.failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """What a second forge, in other circumstances, made.

    Attributes:
        same: whether the bytes are the same.
        differing: what is not, as sections.
        circumstances: what was different from the first forge.
        problem: why there is no second base; empty if there is.
    """

    same: bool = False
    differing: tuple[str, ...] = ()
    circumstances: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What is known of a target.

    Attributes:
        target: its name.
        made: its base, if it has one.
        forging: ``None`` if the base was there when it was first examined.
        conformance: ``None`` if that was not asked for.
        again: likewise.
        failed: why there is no base though there could be one.
        unavailable: why nobody could forge one here: what it is made from cannot be had.
    """

    target: str
    made: Made | None = None
    forging: Forging | None = None
    conformance: Conformance | None = None
    again: Again | None = None
    failed: str = ""
    unavailable: str = ""

    def succeeded_by(self, made: Made, forging: Forging | None, objects: str) -> Cell:
        """Return the record after the target was forged once more, or found to be up to date.

        Args:
            made: the base that there is now.
            forging: what it cost; ``None`` if nothing was forged.
            objects: the key of its objects.
        """
        known = self.forging if self.forging is not None and self.forging.objects == objects else None
        cost = larger(known, forging)
        if self.made is not None and self.made.sha256 == made.sha256:
            return replace(self, made=made, forging=cost, failed="", unavailable="")
        return Cell(target=self.target, made=made, forging=cost)


def larger(one: Forging | None, other: Forging | None) -> Forging | None:
    """Return the forge that took longer: linking the same objects again is not what a base costs."""
    return max(filter(None, (one, other)), key=lambda forging: forging.core_minutes, default=None)


def _path(target: str) -> Path:
    return cache_root() / "tests" / "matrix" / f"{target}.json"


def save(cell: Cell) -> None:
    """Write the record of a target."""
    path = _path(cell.target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as out:
        out.write(json.dumps(asdict(cell), indent=2, sort_keys=True).encode() + b"\n")


def load(target: str) -> Cell:
    """Return the record of a target; an empty one if it is missing, damaged, or of another form."""
    try:
        found = json.loads(_path(target).read_text(encoding="utf-8"))
        return _cell(found) if found["target"] == target else Cell(target=target)
    except (OSError, ValueError, TypeError, KeyError):
        return Cell(target=target)


def _cell(found: Mapping[str, Any]) -> Cell:
    values = dict(found)
    for name, kind in (("made", Made), ("forging", Forging), ("conformance", Conformance)):
        values[name] = kind(**values[name]) if values[name] is not None else None
    if (again := values["again"]) is not None:
        tuples = {name: tuple(again[name]) for name in ("differing", "circumstances")}
        values["again"] = Again(**(again | tuples))
    return Cell(**values)
