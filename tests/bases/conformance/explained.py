"""The expected deviations, from ``explained.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pypkg_core.toml_tables import TableReader

__all__ = ["Explanation", "load_explanations"]

FILE = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why some results differ on some targets.

    Attributes:
        reason: one sentence for users.
        instead: what a packaged program sees, for users.
        checks: shell patterns of results; each must match one that differs.
        seen: shell pattern that each of these results of the packaged program must match, as JSON.
        targets: shell patterns.
    """

    reason: str
    instead: str
    checks: tuple[str, ...]
    seen: str = "*"
    targets: tuple[str, ...] = ("*",)

    def applies(self, target: str) -> bool:
        """Whether it applies to this target."""
        return any(fnmatchcase(target, pattern) for pattern in self.targets)

    def covers(self, name: str, packaged: str) -> bool:
        """Whether it explains this result."""
        return any(fnmatchcase(name, pattern) for pattern in self.checks) and fnmatchcase(packaged, self.seen)


def load_explanations() -> list[Explanation]:
    """Return every explanation; an unknown key is an error."""
    reader = TableReader(file=FILE)
    return list(reader.rows(reader.document(("explained",)), "explained", Explanation))
