"""Progress of long work: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["QUIET", "Reporter", "RichReporter", "Stage", "console_reporter"]

_PLAIN_INTERVAL_SECONDS: Final = 15.0


class Stage(Protocol):
    """A step that takes time."""

    def update(self, done: float, total: float) -> None:
        """Report how much is done, in any unit; a ``total`` of 0 is unknown."""


class Reporter(Protocol):
    """Receives progress; only the command line prints it."""

    def say(self, line: str) -> None:
        """Report a fact in one line."""

    def stage(self, title: str) -> contextlib.AbstractContextManager[Stage]:
        """Show ``title`` as in progress until the block ends."""


@dataclass(frozen=True, slots=True)
class _Quiet:
    def say(self, line: str) -> None:
        del line

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        del title
        yield self

    def update(self, done: float, total: float) -> None:
        del done, total


QUIET: Final[Reporter] = _Quiet()


@dataclass(slots=True)
class RichReporter:
    """Progress on standard error: a bar on a terminal, an occasional line elsewhere."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))

    def say(self, line: str) -> None:
        """Print a line above the progress bar."""
        self.console.print(line, markup=False)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Show a bar on a terminal; elsewhere print the title now and the time taken at the end."""
        if not self.console.is_terminal:
            self.say(title)
            started = time.monotonic()
            yield _PlainStage(self, title, started)
            seconds = time.monotonic() - started
            if seconds > 1:
                self.say(f"{title}: done in {seconds:.0f} s")
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as bar:
            yield _BarStage(bar, bar.add_task(title, total=None))
        self.say(title)


@dataclass(slots=True)
class _PlainStage:
    reporter: RichReporter
    title: str
    last: float

    def update(self, done: float, total: float) -> None:
        now = time.monotonic()
        if now - self.last >= _PLAIN_INTERVAL_SECONDS and total > 0:
            self.last = now
            self.reporter.say(f"{self.title}: {100 * done / total:.0f} %")


@dataclass(slots=True)
class _BarStage:
    bar: Progress
    task: TaskID

    def update(self, done: float, total: float) -> None:
        self.bar.update(self.task, completed=done, total=total)


def console_reporter() -> Reporter:
    """Return the reporter of the command line."""
    return RichReporter()
