"""Print steps, diagnostics and errors to standard error, and results to standard output. For ``cli`` only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from pypkg.diagnostics import Diagnostics, Severity
from pypkg_core.progress import RichReporter, Stage

__all__ = ["Messages", "human_size"]


class Messages:
    """Prints steps, diagnostics and errors.

    On a terminal the current step has a spinner; elsewhere each step is a plain line.

    Args:
        debug: whether details are shown.
    """

    def __init__(self, *, debug: bool = False) -> None:
        self._debug = debug
        # soft_wrap: a path that is cut into lines cannot be copied, and logs have their own width.
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None

    def __enter__(self) -> Messages:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.finish()

    def step(self, text: str) -> None:
        """Show what is being done now."""
        if not self._console.is_terminal:
            self._line("", text)
        elif self._status is None:
            self._status = self._console.status(Text(text))
            self._status.start()
        else:
            self._status.update(Text(text))

    def finish(self) -> None:
        """End the current step."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, line: str) -> None:
        """Print a line that stays on the screen."""
        self._line("", line)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Show long work with a progress bar; together with `say` this is a ``Reporter``."""
        self.finish()
        with RichReporter(self._console).stage(f"> {title}") as stage:
            yield stage

    def show(self, diagnostics: Diagnostics) -> None:
        """Print diagnostics: warnings, then notices, then details if they are shown."""
        for item in diagnostics.of(Severity.WARNING):
            self._line("Warning ", str(item), "yellow")
        for item in diagnostics.of(Severity.NOTICE):
            self.say(str(item))
        if self._debug:
            for item in diagnostics.of(Severity.DETAIL):
                self._line("", str(item), "dim")

    def error(self, text: str) -> None:
        """Print what failed."""
        self.finish()
        self._line("Error! ", text, "red")

    def result(self, text: str) -> None:
        """Print a result to standard output."""
        self.finish()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def _line(self, label: str, text: str, style: str = "") -> None:
        self._console.print(Text.assemble("> ", (label, style), (text, style if style == "dim" else "")))


def human_size(size: int) -> str:
    """Return a size in bytes for people: ``34.2 MB``."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} GB"
