"""Warnings, notices and details of a packaging run, as values; only the command line prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Diagnostic", "Diagnostics", "Severity"]


class Severity(IntEnum):
    """How much a diagnostic matters.

    A detail is shown under ``--debug`` only, a notice reports a decision made for the user, a warning is something the
    user should look at.
    """

    DETAIL = 0
    NOTICE = 1
    WARNING = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One line for the user.

    Attributes:
        severity: how much it matters.
        text: what was found, without a full stop.
        file: the file it is about, as the user knows it; empty when it is about none.
        line: a line of that file, from 1; 0 when it is about the whole file.
        hint: what to do about it, a clause without a full stop; may be empty.
    """

    severity: Severity
    text: str
    file: str = ""
    line: int = 0
    hint: str = ""

    def __str__(self) -> str:
        location = f"{self.file}:{self.line}" if self.line else self.file
        text = f"{self.text}; {self.hint}" if self.hint else self.text
        return f"{location}: {text}" if location else text


class Diagnostics:
    """Diagnostics in the order they were added, each once."""

    def __init__(self, items: Iterable[Diagnostic] = ()) -> None:
        self._items: dict[Diagnostic, None] = dict.fromkeys(items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def warning(self, text: str, *, file: str = "", line: int = 0, hint: str = "") -> None:
        """Add something the user should look at."""
        self._add(Diagnostic(severity=Severity.WARNING, text=text, file=file, line=line, hint=hint))

    def notice(self, text: str) -> None:
        """Add something that was decided for the user."""
        self._add(Diagnostic(severity=Severity.NOTICE, text=text))

    def detail(self, text: str, *, file: str = "", line: int = 0) -> None:
        """Add what only ``--debug`` shows."""
        self._add(Diagnostic(severity=Severity.DETAIL, text=text, file=file, line=line))

    def extend(self, other: Iterable[Diagnostic]) -> None:
        """Add others, in their order."""
        self._items.update(dict.fromkeys(other))

    def of(self, severity: Severity) -> list[Diagnostic]:
        """Return those of one severity, in order."""
        return [item for item in self._items if item.severity is severity]

    def by_location(self) -> list[Diagnostic]:
        """Return all, sorted by file and line; those of one line, or of no file, in the order they were added."""
        return sorted(self._items, key=lambda item: (item.file, item.line))

    def _add(self, item: Diagnostic) -> None:
        self._items[item] = None
