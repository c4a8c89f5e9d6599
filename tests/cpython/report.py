"""The page about CPython's own tests, and the lines that a run prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpython.explained import Explanation, explain
from cpython.outcome import Outcome, module_of

__all__ = ["Result", "counts", "document"]

NOT_EXPLAINED = "NOT EXPLAINED"

HEAD = """| target | Python | files | passed | failed | skipped |
| --- | --- | --- | --- | --- | --- |"""
# What the files of a target that all ran are called there, and what its section begins with.
ALL = "all"
SECTION = "\n## "

INTRODUCTION = """# CPython's own tests, run packaged

Written by `{command}`.

The package `test` of the release's source archive, with its data, is packaged like any project, with all source text;
each test file runs in a process of that program, as an ordinary user, or as root where `/proc` is not open to others.
qemu-user runs the programs of another processor than this machine's, and every process that they start. Skips are
CPython's own: another platform, a resource that is off by default (network, large files, a display), a test module in C
that bases do not contain. Every failure has its reason in `tests/cpython/explained.toml`; any other failure fails the
run, and so does a reason that no longer explains anything (`pytest -m suite`, and `pytest -m foreign` for what an
emulator runs). Four tests of `test_cmd_line_script` are left out: they wait for the prompt of an interpreter, for ever
if the program was started instead.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What ran on a target.

    Attributes:
        target: its name.
        release: ``3.13.5``.
        outcomes: of its files.
        complete: whether all files of the release ran, not only those of the default run.
    """

    target: str
    release: str
    outcomes: Sequence[Outcome]
    complete: bool


def counts(outcomes: Iterable[Outcome]) -> tuple[int, int, int]:
    """Return how many cases passed, failed and were skipped."""
    outcomes = list(outcomes)
    return (
        sum(outcome.passed for outcome in outcomes),
        sum(len(outcome.failed) for outcome in outcomes),
        sum(len(outcome.skipped) for outcome in outcomes),
    )


def document(results: Sequence[Result], rows: Sequence[Explanation], *, file: str, former: str = "") -> str:
    """Return the page as Markdown.

    Args:
        results: one for each target.
        rows: the explanations.
        file: where the page is kept; it names the command that writes it.
        former: the page whose other targets are kept; empty without any.
    """
    lines, sections = _parts(former)
    for result in results:
        passed, failed, skipped = counts(result.outcomes)
        files = f"{ALL} {len(result.outcomes)}" if result.complete else f"{len(result.outcomes)} of the default run"
        lines[result.target] = (
            f"| {result.target} | {result.release} | {files} | {passed:,} | {failed:,} | {skipped:,} |"
        )
        section = ["", *_reasons(result, rows), "", *_files(result)]
        sections[result.target] = "\n".join(section) + "\n"
    page = [INTRODUCTION.format(command=_command(file, lines)), HEAD, *lines.values()]
    page += [f"{SECTION}{target}\n{sections[target]}".rstrip("\n") for target in lines]
    return "\n".join(page) + "\n"


def _parts(page: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the row of each target, and its section without the heading."""
    first, *rest = page.split(SECTION)
    sections = dict(text.split("\n", 1) for text in rest)
    lines = {line.split(" ", 2)[1]: line for line in first.splitlines() if line.startswith("| ")}
    return {target: lines[target] for target in sections}, sections


def _command(file: str, lines: Mapping[str, str]) -> str:
    """Return the command that writes a whole page, from its rows."""
    complete = [target for target, line in lines.items() if f" | {ALL} " in line]
    others = [target for target in lines if target not in complete]
    guard = ["--guard", *others] if others else []
    return " ".join(["python tests/cpython/run.py", "--write", file, *complete, *guard])


def _reasons(result: Result, rows: Sequence[Explanation]) -> list[str]:
    """Return the table of reasons, the most frequent first, with the files that each is about."""
    tests: dict[str, Counter[str]] = {}
    for outcome in result.outcomes:
        for test, message in outcome.failed.items():
            reason = explain(rows, result.target, test, message) or NOT_EXPLAINED
            tests.setdefault(reason, Counter())[_short(outcome.name)] += 1
    ordered = sorted(tests.items(), key=lambda item: (-item[1].total(), item[0]))
    lines = ["| failed | why | where |", "| --- | --- | --- |"]
    for reason, files in ordered:
        where = ", ".join(f"{name} {count}" for name, count in sorted(files.items()))
        lines.append(f"| {files.total()} | {reason} | {where} |")
    return lines


def _files(result: Result) -> list[str]:
    lines = ["<details><summary>Result by file</summary>", "", "| file | passed | failed | skipped |"]
    lines.append("| --- | --- | --- | --- |")
    for outcome in sorted(result.outcomes, key=lambda outcome: outcome.name):
        lines.append(f"| {_short(outcome.name)} | {outcome.passed} | {len(outcome.failed)} | {len(outcome.skipped)} |")
    return [*lines, "", "</details>"]


def _short(name: str) -> str:
    return module_of(name).removeprefix("test.")
