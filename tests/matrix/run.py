"""Forge and verify every target of this machine's system, and record each; what has a record is not examined again.

A record (tests/matrix/cell.py) is of one base: a target whose base would be made anew is examined again. One that
fails is recorded too, and the others go on; it is tried again by the next run.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from matrix.again import forge_again
from matrix.cell import Cell, load, save
from matrix.conformance import Conforming, conforming
from matrix.forging import forge
from matrix.page import document
from process_state import ordinary_process_state
from pypkg_core.errors import PypkgError, UnavailableError
from pypkg_core.progress import Reporter, console_reporter
from pypkg_core.targets.catalogue import Target, catalogue, latest_version
from pypkg_core.targets.host import host_target
from pypkg_core.targets.parse import parse_targets
from pypkg_forge.driver.build import job_count
from pypkg_forge.driver.recipe import why_not

__all__ = ["Matrix", "matrix_targets"]


def matrix_targets() -> list[Target]:
    """Return every target of this machine's system: machine by machine, so that the libraries of each serve at once."""
    system = host_target().facts.system
    machines = list(catalogue().machines)
    found = [target for target in catalogue().targets() if target.facts.system == system]
    return sorted(found, key=lambda target: machines.index((target.platform, target.arch)))


class Matrix:
    """Examines targets one after another.

    Args:
        source: a directory of archives.
        force: compile everything again, also what is up to date.
        conformance: runs the conformance program; ``None`` to leave it out.
        again: whether each base is forged a second time.
        reporter: gets each step.
    """

    def __init__(
        self, *, source: Path | None, force: bool, conformance: Conforming | None, again: bool, reporter: Reporter
    ) -> None:
        self._source = source
        self._force = force
        self._conformance = conformance
        self._again = again
        self._reporter = reporter
        # The same archive is missing for every machine.
        self._unavailable: dict[str, str] = {}

    def examine(self, target: Target) -> Cell:
        """Return the record of a target, which is saved after each of its parts."""
        known = load(target.name)
        if target.version in self._unavailable:
            return self._saved(Cell(target=target.name, unavailable=self._unavailable[target.version]))
        try:
            forged = forge(target, known.made, source=self._source, force=self._force, reporter=self._reporter)
        except UnavailableError as error:
            self._unavailable[target.version] = str(error).splitlines()[0]
            return self._saved(Cell(target=target.name, unavailable=self._unavailable[target.version]))
        except PypkgError as error:
            return self._saved(Cell(target=target.name, failed=str(error)))
        cell = self._saved(known.succeeded_by(forged.made, forged.cost, forged.objects))
        if self._conformance is not None and forged.made.runs and _is_open(cell.conformance):
            cell = self._saved(replace(cell, conformance=self._conformance.run(forged.base)))
        if self._again and _is_open(cell.again):
            cell = self._saved(replace(cell, again=forge_again(forged.base)))
        return cell

    @staticmethod
    def _saved(cell: Cell) -> Cell:
        save(cell)
        return cell


def _is_open(part: object) -> bool:
    """Whether a part of a record is missing, or what it records could not be done."""
    return part is None or bool(getattr(part, "problem", ""))


def summary(cell: Cell) -> tuple[str, bool]:
    """Return the line that is printed about a target, and whether it is as it should be."""
    if cell.unavailable:
        return f"{cell.target}: not built: {cell.unavailable}", True
    if cell.made is None:
        return f"{cell.target}: FAILED: {cell.failed}", False
    parts, good = [f"Python {cell.made.release}", f"{cell.made.size / 1e6:.1f} MB", cell.made.verified], True
    if cell.forging is not None:
        parts.append(f"{cell.forging.core_minutes:.1f} core-minutes")
    if (found := cell.conformance) is not None:
        good = not found.failed and not found.problem
        parts.append(f"conformance: {found.problem or f'{found.results} results, {found.failed} NOT EXPLAINED'}")
    if (again := cell.again) is not None:
        good = good and again.same
        parts.append(f"forged twice: {again.problem or ('same' if again.same else f'DIFFERS in {again.differing}')}")
    return f"{cell.target}: {', '.join(parts)}", good


def main() -> int:
    """Examine targets; return 1 if one failed or is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="these only; default: all")
    parser.add_argument("--forge-only", action="store_true", help="forge and verify; no conformance program")
    parser.add_argument("--source", metavar="DIR|URL", help="where source archives are, before other origins")
    parser.add_argument(
        "--again", action="store_true", help="forge them twice, and compare the bytes; default: one of each processor"
    )
    parser.add_argument("--force", action="store_true", help="compile all of it again, to measure it")
    parser.add_argument("--records-only", action="store_true", help="examine nothing: write the page only")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there, as Markdown")
    arguments = parser.parse_args()
    good = True
    try:
        chosen = _chosen(arguments.targets, again=arguments.again)
        source = _source(arguments.source)
        with ExitStack() as stack:
            stack.enter_context(ordinary_process_state())
            wanted = not arguments.forge_only and not arguments.records_only
            matrix = Matrix(
                source=source,
                force=arguments.force,
                conformance=stack.enter_context(conforming()) if wanted else None,
                again=arguments.again,
                reporter=console_reporter(),
            )
            for target in [] if arguments.records_only else chosen:
                line, right = summary(matrix.examine(target))
                print(line, flush=True)
                good = good and right
        if arguments.write is not None:
            arguments.write.write_text(_page(arguments.write), encoding="utf-8")
    except PypkgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0 if good else 1


def _chosen(texts: Sequence[str], *, again: bool) -> list[Target]:
    """Return what is examined: what is asked for, or all; of bases that are forged twice, one of each processor."""
    if texts:
        return [target for text in texts for target in parse_targets(text)]
    possible = [target for target in matrix_targets() if why_not(target) is None]
    if not again:
        return possible
    newest = [target for target in possible if target.version == latest_version()]
    return list({target.arch: target for target in reversed(newest)}.values())[::-1]


def _source(text: str | None) -> Path | None:
    """Return the directory of ``--source``; an address becomes the mirror of this process."""
    if text is None or "://" not in text:
        return Path(text) if text is not None else None
    os.environ["PYPKG_SOURCE_MIRROR"] = text
    return None


def _page(path: Path) -> str:
    targets = matrix_targets()
    cells = {target.name: load(target.name) for target in targets}
    reasons = {target.name: reason for target in targets if (reason := why_not(target)) is not None}
    command = f"python tests/matrix/run.py --write {shlex.quote(path.as_posix())}"
    return document(targets, cells, reasons, command=command, processors=job_count(None))


if __name__ == "__main__":
    sys.exit(main())
