"""What the user is told, in pkg's manner: one line each, to standard error; the result goes to standard output."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from pypkg_core.progress import RichReporter, Stage

__all__ = ["Messages", "human_size"]


class Messages:
    """Steps, warnings and errors. On a terminal the present step has a spinner; elsewhere each is a plain line.

    Args:
        debug: whether details are shown.
    """

    def __init__(self, *, debug: bool = False) -> None:
        self.debug_enabled = debug
        # soft_wrap: a path that is cut into lines cannot be copied, and logs have their own width.
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status: Status | None = None

    def __enter__(self) -> Messages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def step(self, text: str) -> None:
        """Say what is being done now."""
        if not self._console.is_terminal:
            self._line("", text)
        elif self._status is None:
            self._status = self._console.status(Text(text))
            self._status.start()
        else:
            self._status.update(Text(text))

    def finish(self) -> None:
        """End the present step."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, line: str) -> None:
        """Say something that stays on the screen."""
        self._line("", line)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Show long work with a bar; with `say` this makes the forge's reporter."""
        self.finish()
        with RichReporter(self._console).stage(f"> {title}") as stage:
            yield stage

    def warning(self, text: str) -> None:
        """Say what the user should look at."""
        self._line("Warning ", text, "yellow")

    def error(self, text: str) -> None:
        """Say what failed."""
        self.finish()
        self._line("Error! ", text, "red")

    def detail(self, text: str) -> None:
        """Say what only ``--debug`` shows."""
        if self.debug_enabled:
            self._line("", text, "dim")

    def result(self, text: str) -> None:
        """Print a result to standard output."""
        self.finish()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def _line(self, label: str, text: str, style: str = "") -> None:
        self._console.print(Text.assemble("> ", (label, style), (text, style if style == "dim" else "")))


def human_size(size: int) -> str:
    """Return a size in bytes as people read it: ``34.2 MB``."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} GB"
