"""The page shows every target once: with what was measured, or with why it is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from matrix.cell import Again, Cell, Conformance
from matrix.page import document
from matrix.run import matrix_targets, summary
from matrix.test_cell import CELL, FULL, MADE
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.recipe import why_not

DOCUMENT = Path(__file__).parents[2] / "docs" / "targets.md"
NAMES = ("py313-linux-x64", "py311-linux-x64", "py312-linux-x64", "py312-linux-arm64", "py314-linux-x64")
TARGETS = [parse_target(name) for name in NAMES]


def page(*cells: Cell, reasons: dict[str, str] | None = None) -> list[str]:
    known = {name: Cell(target=name) for name in NAMES} | {cell.target: cell for cell in cells}
    return document(TARGETS, known, reasons or {}, command="python run.py", processors=2).splitlines()


def test_a_row_has_what_was_measured() -> None:
    further = replace(FULL, dependencies="none", core_minutes=4.26, host_python=True)
    other = Cell(target=NAMES[1], made=replace(MADE, release="3.11.16", verified="run by qemu-x"), forging=further)
    found = page(replace(CELL, conformance=Conformance(results=3000, explained=50)), other)
    assert "| linux-x64 | 3.13.15 | 30.0 | 9.5 |  | run here | 2,950 of 3,000 |" in found
    assert "| linux-x64 | 3.11.16 | 30.0 |  | 4.3 with host Python | run by qemu-x | not run |" in found
    partly = replace(CELL, forging=replace(FULL, dependencies="some"))
    assert any(
        line.startswith("| linux-x64 | 3.13.15 | 30.0 |  |  | run here | 7 of 10, 1 not expl") for line in page(partly)
    )


def test_what_was_not_forged_has_a_reason() -> None:
    cells = [
        Cell(target="py312-linux-x64", unavailable="no archive | none"),
        Cell(target="py312-linux-arm64", unavailable="no archive | none"),
        Cell(target="py314-linux-x64", failed="it broke\n  log: /home/me/log"),
    ]
    found = page(CELL, *cells, reasons={"py311-linux-x64": "there are no patches"})
    start = found.index("## Not forged")
    assert found[start + 4 :] == [
        "| 3.11 | linux-x64 | there are no patches |",
        "| 3.12 | linux-x64, linux-arm64 | no archive \\| none |",
        "| 3.14 | linux-x64 | the forge failed: it broke |",
    ]
    assert "| 3.14 | linux-x64 | not tried yet |" in page(CELL)


def test_a_second_forge_is_told() -> None:
    found = page(CELL, replace(CELL, target=NAMES[1], again=Again(differing=(".text", ".data"))))
    assert "Once more, with everything else of the forge's circumstances: user, time." in found
    assert "| linux-x64 | 3.13.15 | the same bytes |" in found
    assert "| linux-x64 | 3.13.15 | differs in .text, .data |" in found


def test_what_a_run_prints() -> None:
    line, good = summary(replace(CELL, conformance=Conformance(results=10)))
    assert line == (
        "py313-linux-x64: Python 3.13.15, 30.0 MB, run here, 9.5 core-minutes,"
        " conformance: 10 results, 0 NOT EXPLAINED, forged twice: same"
    )
    assert good
    assert not summary(CELL)[1]
    assert not summary(replace(CELL, conformance=None, again=Again(problem="no room")))[1]
    assert summary(Cell(target="a", failed="x")) == ("a: FAILED: x", False)
    assert summary(Cell(target="a", unavailable="x")) == ("a: not built: x", True)


def test_the_page_of_this_repository_has_every_target() -> None:
    forged, _, missing = DOCUMENT.read_text("utf-8").partition("## Not forged")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in forged.splitlines() if line[:2] == "| "]
    rows = [row for row in rows if row[0] not in ("machine", "target", "---")]
    shown = {(machine, release.rpartition(".")[0]) for machine, release, *_ in rows}
    for line in missing.splitlines():
        if line.startswith("| 3"):
            series, machines, reason = (cell.strip() for cell in line.strip("|").split("|", 2))
            assert reason
            shown |= {(machine, series) for machine in machines.split(", ")}
    wanted = {(f"{target.platform}-{target.arch}", target.series): target for target in matrix_targets()}
    assert shown >= wanted.keys(), "run: python tests/matrix/run.py --write docs/targets.md"
    assert shown <= wanted.keys()
    assert [target for target in wanted.values() if why_not(target) is None]
