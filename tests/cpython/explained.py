"""Failures that are known and why they are right: ``explained.toml``, loaded once."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pypkg_core.toml_tables import TableReader

__all__ = ["Explanation", "explain", "load_explanations"]

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why some tests fail on some targets; both are shell patterns."""

    reason: str
    tests: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)

    def covers(self, target: str, test: str) -> bool:
        """Whether it speaks of this test on this target."""
        # Subtests carry their parameters behind the name: "test.test_os.X.test_y (value=1)".
        case = test.split(" ", 1)[0]
        return any(fnmatchcase(target, pattern) for pattern in self.targets) and any(
            fnmatchcase(case, pattern) for pattern in self.tests
        )


def load_explanations() -> list[Explanation]:
    """Every explanation; an unknown key is an error."""
    reader = TableReader(file=FILE)
    return list(reader.rows(reader.document(("explained",)), "explained", Explanation))


def explain(target: str, test: str) -> str | None:
    """The reason why ``test`` may fail on ``target``, or ``None``."""
    return next((row.reason for row in load_explanations() if row.covers(target, test)), None)
