"""Run CPython's own tests as packaged programs; what has been run is not run again.

A result is kept for each file of a program: a run that was interrupted goes on, and a program that is made anew from
the same base and the same tests has run already. Delete a ``.json`` file there to run that file again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cpython.explained import Explanation, load_explanations, stale, unexplained
from cpython.report import Result, counts, document
from cpython.suite import GUARD, run_target
from process_state import ordinary_process_state
from pypkg_core.bases.record import find_built
from pypkg_core.errors import PypkgError
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.build import build


def main() -> int:
    """Run the tests; return 1 if a failure is not explained or an explanation is stale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all test files run on these targets")
    parser.add_argument("--guard", nargs="+", metavar="TARGET", default=[], help="those of the default run on these")
    parser.add_argument("--tests", metavar="NAME,...", help="these files only, of all targets")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="files at a time; default: 2")
    parser.add_argument("--results", type=Path, metavar="DIR", help="keep results and logs there, not in the cache")
    parser.add_argument("--no-forge", action="store_true", help="use the cache's bases, even if they are out of date")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there, as Markdown")
    parser.add_argument("--keep", action="store_true", help="keep what the page says of the other targets")
    arguments = parser.parse_args()
    if not arguments.targets and not arguments.guard:
        parser.error("no target")
    files: dict[str, Sequence[str] | None] = {
        **dict.fromkeys(arguments.targets),
        **dict.fromkeys(arguments.guard, GUARD),
    }
    if arguments.tests:
        files = dict.fromkeys(files, arguments.tests.split(","))
    results = []
    try:
        for target, names in files.items():
            base = _base(target, forge=not arguments.no_forge)
            with ordinary_process_state():
                results.append(
                    run_target(target, base, names, jobs=arguments.jobs, results=arguments.results, tell=_tell)
                )
        rows = load_explanations()
    except PypkgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.write:
        file = arguments.write
        former = file.read_text(encoding="utf-8") if arguments.keep else ""
        file.write_text(document(results, rows, file=file.as_posix(), former=former), encoding="utf-8")
    return 1 if _tell_problems(results, rows) else 0


def _base(name: str, *, forge: bool) -> Path:
    target = parse_target(name)
    found = None if forge else find_built(target)
    return (found or build(target)).path


def _tell(line: str) -> None:
    print(line, flush=True)


def _tell_problems(results: Sequence[Result], rows: Sequence[Explanation]) -> bool:
    """Print a summary, every failure without a reason and every stale reason; return whether there are any."""
    problems = False
    for result in results:
        passed, failed, skipped = counts(result.outcomes)
        print(f"{result.target}: {passed} passed, {failed} failed, {skipped} skipped in {len(result.outcomes)} files")
        for test, message in unexplained(rows, result.target, result.outcomes).items():
            problems = True
            print(f"{result.target}: NOT EXPLAINED: {test}: {' '.join(message.split())}")
        for pattern, reason in stale(rows, result.target, result.outcomes, complete=result.complete):
            problems = True
            print(f"{result.target}: STALE: {pattern} explains no failure: {reason}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
