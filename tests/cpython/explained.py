"""Expected failures and their reasons, from ``explained.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pypkg_core.toml_tables import TableReader

__all__ = ["Explanation", "explain", "load_explanations"]

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why some tests fail on some targets; ``tests`` and ``targets`` are shell patterns."""

    reason: str
    tests: tuple[str, ...]
    targets: tuple[str, ...] = ("*",)

    def covers(self, target: str, test: str) -> bool:
        """Whether it explains this test on this target."""
        # The name of a subtest ends in its parameters: "test.test_os.X.test_y (value=1)".
        case = test.split(" ", 1)[0]
        return any(fnmatchcase(target, pattern) for pattern in self.targets) and any(
            fnmatchcase(case, pattern) for pattern in self.tests
        )


def load_explanations() -> list[Explanation]:
    """Return every explanation; an unknown key is an error."""
    reader = TableReader(file=FILE)
    return list(reader.rows(reader.document(("explained",)), "explained", Explanation))


def explain(target: str, test: str) -> str | None:
    """Return the reason why ``test`` may fail on ``target``, or ``None``."""
    return next((row.reason for row in load_explanations() if row.covers(target, test)), None)
