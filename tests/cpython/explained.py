"""Expected failures and their reasons, from ``explained.toml``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from cpython.outcome import Outcome, module_of
from pypkg_core.toml_tables import TableReader

__all__ = ["Explanation", "explain", "load_explanations", "stale", "unexplained"]

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why some tests fail on some targets.

    Attributes:
        reason: a sentence.
        tests: shell patterns of test cases, ``test.test_os.ForkTests.*``; a file that crashes, hangs or cannot be
            imported is ``test.test_os``.
        targets: shell patterns.
        message: a shell pattern that the message must match too.
        sometimes: whether the tests may pass as well.
    """

    reason: str
    tests: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)
    message: str = "*"
    sometimes: bool = False

    def applies_to(self, target: str) -> bool:
        """Whether it is about this target."""
        return any(fnmatchcase(target, pattern) for pattern in self.targets)

    def covers(self, target: str, test: str, message: str) -> bool:
        """Whether it explains this failure."""
        return (
            self.applies_to(target)
            and fnmatchcase(message, self.message)
            and any(_matches(test, pattern) for pattern in self.tests)
        )


def load_explanations(file: Path = FILE) -> list[Explanation]:
    """Return every explanation; an unknown key is an error."""
    reader = TableReader(file=file)
    return list(reader.rows(reader.document(("explained",)), "explained", Explanation))


def explain(rows: Iterable[Explanation], target: str, test: str, message: str) -> str | None:
    """Return the reason why a test may fail with a message on a target, or ``None``."""
    return next((row.reason for row in rows if row.covers(target, test, message)), None)


def unexplained(rows: Sequence[Explanation], target: str, outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return the failures that no row explains: test case -> message."""
    return {
        test: message
        for outcome in outcomes
        for test, message in outcome.failed.items()
        if explain(rows, target, test, message) is None
    }


def stale(
    rows: Iterable[Explanation], target: str, outcomes: Collection[Outcome], *, complete: bool
) -> Iterator[tuple[str, str]]:
    """Yield (pattern, reason) of what explains no failure on a target although its tests ran and were not skipped.

    Args:
        rows: all of them.
        target: what ran.
        outcomes: of its files.
        complete: whether all files ran. Otherwise only patterns are judged that name a file that ran.
    """
    modules = {module_of(outcome.name) for outcome in outcomes}
    failures = [item for outcome in outcomes for item in outcome.failed.items()]
    skipped = [test for outcome in outcomes for test in outcome.skipped]
    for row in rows:
        if row.sometimes or not row.applies_to(target):
            continue
        for pattern in row.tests:
            judged = complete or any(f"{pattern}.".startswith(f"{module}.") for module in modules)
            single = replace(row, tests=(pattern,))
            explains = any(single.covers(target, test, message) for test, message in failures)
            if judged and not explains and not any(_matches(test, pattern) for test in skipped):
                yield pattern, row.reason


def _matches(test: str, pattern: str) -> bool:
    # The name of a subtest ends in its parameters: "test.test_os.X.test_y (value=1)".
    return fnmatchcase(test.partition(" ")[0], pattern)
