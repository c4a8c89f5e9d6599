"""Records of targets: what a later forge keeps of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from matrix.cell import Again, Cell, Conformance, Forging, Made, larger, load, save

MADE = Made(key="k1", release="3.13.15", size=30_000_000, sha256="s1", verified="run here")
FULL = Forging(objects="o1", core_minutes=9.5, dependencies="all", host_python=False)
RELINKED = Forging(objects="o1", core_minutes=0.3, dependencies="none", host_python=False)
CELL = Cell(
    target="py313-linux-x64",
    made=MADE,
    forging=FULL,
    conformance=Conformance(results=10, explained=2, failed=1),
    again=Again(same=True, circumstances=("user", "time")),
)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path))
    return tmp_path / "tests" / "matrix"


@pytest.mark.parametrize("cell", [CELL, Cell(target="py312-linux-x64", unavailable="no archive"), Cell(target="a")])
def test_a_record_is_read_as_it_was_written(cell: Cell) -> None:
    save(cell)
    assert load(cell.target) == cell


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"target": "b"}', '{"target": "a", "new": 1}', '{"target": "a"}'])
def test_a_record_of_another_form_is_none(cache: Path, text: str) -> None:
    cache.mkdir(parents=True)
    (cache / "a.json").write_text(text)
    assert load("a") == Cell(target="a")


def test_linking_the_same_objects_again_is_not_what_a_base_costs() -> None:
    changed = replace(MADE, key="k2", sha256="s2")
    assert CELL.succeeded_by(changed, RELINKED, "o1") == Cell(target=CELL.target, made=changed, forging=FULL)
    other = replace(RELINKED, objects="o2", core_minutes=4.0)
    assert CELL.succeeded_by(changed, other, "o2").forging == other
    assert CELL.succeeded_by(changed, None, "o2").forging is None
    assert larger(RELINKED, FULL) == FULL
    assert larger(None, None) is None


def test_the_same_bytes_keep_what_was_seen_of_them() -> None:
    assert CELL.succeeded_by(replace(MADE, key="k2"), None, "o1") == replace(CELL, made=replace(MADE, key="k2"))
    failed = Cell(target=CELL.target, failed="it broke")
    assert failed.succeeded_by(MADE, FULL, "o1") == Cell(target=CELL.target, made=MADE, forging=FULL)


def test_counts() -> None:
    assert Conformance(results=10, explained=2, failed=1).passed == 7
    assert MADE.runs and not replace(MADE, verified="structure only: no emulator").runs
