"""A run goes on after a failure, records each target, and examines only what has no record."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix import run
from matrix.again import differing_sections
from matrix.cell import Again, Cell, Conformance, Made, load
from matrix.conformance import Conforming
from matrix.forging import Forged
from matrix.run import Matrix, matrix_targets
from matrix.test_cell import FULL, MADE
from pypkg_core.bases.record import Base
from pypkg_core.errors import PypkgError, UnavailableError
from pypkg_core.progress import QUIET
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.parse import parse_target
from unit.core.binaries.fixture_files import fixture

GOOD, BROKEN, MISSING, ALSO_MISSING = map(
    parse_target, ("py313-linux-x64", "py311-linux-x64", "py312-linux-x64", "py312-linux-arm64")
)


class Workshop:
    """In place of the forge: what it was asked for, and what it knew."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Made | None]] = []

    def __call__(self, target: Target, known: Made | None, **_: object) -> Forged:
        self.asked.append((target.name, known))
        if target == BROKEN:
            raise PypkgError("It broke", hint="Try again")
        if target.version == MISSING.version:
            raise UnavailableError("No origin has it")
        base = Base(path=Path("base"), version=MADE.release, target=target, origin="built", sha256=MADE.sha256)
        return Forged(base=base, made=MADE, cost=None if known else FULL, objects=FULL.objects)


class Program(Conforming):
    """In place of the conformance program."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, base: Base) -> Conformance:
        self.ran.append(base.target.name)
        return Conformance(results=10) if len(self.ran) > 1 else Conformance(problem="no room")


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workshop:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path))
    found = Workshop()
    monkeypatch.setattr(run, "forge", found)
    monkeypatch.setattr(run, "forge_again", lambda _: Again(same=True))
    return found


def matrix(program: Program | None = None, *, again: bool = False) -> Matrix:
    return Matrix(source=None, force=False, conformance=program, again=again, reporter=QUIET)


def test_each_target_is_recorded_and_the_rest_goes_on(workshop: Workshop) -> None:
    one = matrix()
    cells = [one.examine(target) for target in (BROKEN, MISSING, ALSO_MISSING, GOOD)]
    assert [cell.failed for cell in cells] == ["It broke\nHint: Try again", "", "", ""]
    assert [cell.unavailable for cell in cells] == ["", "No origin has it", "No origin has it", ""]
    assert [load(cell.target) for cell in cells] == cells
    # What one machine cannot get is not asked for again for another.
    assert [name for name, _ in workshop.asked] == [BROKEN.name, MISSING.name, GOOD.name]


def test_what_is_recorded_is_not_done_again(workshop: Workshop) -> None:
    program = Program()
    for number in range(3):
        cell = matrix(program, again=number > 0).examine(GOOD)
        assert cell.forging == FULL
    assert workshop.asked == [(GOOD.name, None), (GOOD.name, MADE), (GOOD.name, MADE)]
    assert len(program.ran) == 2  # once more after the run that could not be done
    assert cell == Cell(
        target=GOOD.name, made=MADE, forging=FULL, conformance=Conformance(results=10), again=Again(same=True)
    )


def test_targets_are_machine_by_machine() -> None:
    machines = [(target.platform, target.arch) for target in matrix_targets()]
    assert machines == sorted(machines, key=list(dict.fromkeys(machines)).index)
    assert len({target.facts.system for target in matrix_targets()}) == 1


def test_differing_sections_are_named(tmp_path: Path) -> None:
    data = fixture("linux-x64.so")
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(data)
    other.write_bytes(data)
    assert differing_sections(one, other) == ()
    other.write_bytes(data.replace(b"PyInit_addon", b"PyInit_other"))
    assert differing_sections(one, other) == (".dynstr",)
    other.write_bytes(data[:8] + b"\1" + data[9:])  # the version of the ABI, in the header
    assert differing_sections(one, other) == ("headers",)
