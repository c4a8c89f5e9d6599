"""Run CPython's own tests with bases as interpreters and show a table.

Usage: python tests/cpython/run.py [--write FILE] [--tests NAME,...] TARGET...
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cpython.explained import explain
from cpython.suite import TESTS, Outcome, release_of, running_tests
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.build import build
from targets import ALL

INTRODUCTION = """# CPython's own tests, run by the bases

Written by `python tests/cpython/run.py --write docs/cpython-tests.md {targets}`.

The tests are those of the release's source archive; each file runs in a process of the base. Skips are CPython's own:
another platform, a resource that is off by default, a test module in C that bases do not contain.
Every failure is explained in `tests/cpython/explained.toml`; any other failure fails `tests/cpython/test_cpython.py`.
"""


def table(target: str, release: str, outcomes: list[Outcome]) -> str:
    """Return the result of one base as Markdown."""
    lines = [
        f"## {target}, Python {release}",
        "",
        "| file | passed | failed | skipped |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {o.name} | {o.passed} | {len(o.failed)} | {len(o.skipped)} |" for o in outcomes]
    total = [
        sum(o.passed for o in outcomes),
        sum(len(o.failed) for o in outcomes),
        sum(len(o.skipped) for o in outcomes),
    ]
    lines += [f"| **all** | **{total[0]}** | **{total[1]}** | **{total[2]}** |", ""]
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        for test, message in outcome.failed.items():
            reason = explain(target, test) or f"NOT EXPLAINED: {message.strip().splitlines()[-1] if message else ''}"
            reasons.setdefault(reason, []).append(test)
    for reason, tests in reasons.items():
        names = sorted({test.split(" ", 1)[0] for test in tests})
        lines += [f"- {reason}", *(f"  - `{name}`" for name in names)]
    return "\n".join(lines).rstrip() + "\n"


def _run(target: str, python: Path, names: list[str], logs: Path | None) -> list[Outcome]:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="pypkg-cpython-", ignore_cleanup_errors=True) as scratch:
        with running_tests(python, names, Path(scratch)) as futures:
            for name, future in futures.items():
                outcome = future.result()
                outcomes.append(outcome)
                counts = f"{outcome.passed} passed, {len(outcome.failed)} failed, {len(outcome.skipped)} skipped"
                print(f"{target} {name}: {counts}", flush=True)
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            for log in Path(scratch).glob("*/*.log"):
                (logs / f"{target}-{log.name}").write_bytes(log.read_bytes())
    return sorted(outcomes, key=lambda outcome: names.index(outcome.name))


def main() -> int:
    """Run the tests; return 1 if a failure is not explained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=list(ALL), help="all of this host if left out")
    parser.add_argument("--tests", default=",".join(TESTS), help="names, with commas")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables there as Markdown")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="keep the tests' full output there")
    arguments = parser.parse_args()
    parts = [INTRODUCTION.format(targets=" ".join(arguments.targets))]
    for text in arguments.targets:
        target = parse_target(text)
        python = build(target).path
        outcomes = _run(target.name, python, arguments.tests.split(","), arguments.logs)
        parts.append(table(target.name, release_of(python), outcomes))
    print("\n" + "\n".join(parts[1:]))
    if arguments.write:
        arguments.write.write_text("\n".join(parts), encoding="utf-8")
    return 1 if any("NOT EXPLAINED" in part for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
