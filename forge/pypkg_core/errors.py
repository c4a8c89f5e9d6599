"""The one error base: what failed, on what, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PypkgError", "UsageError"]


class PypkgError(Exception):
    """A failure the user can act on; only ``main()`` prints it and exits.

    Args:
        message: one sentence: what failed, on what, what was wanted and what was found.
        hint: what to do next, one sentence, or ``None``.
        context: facts worth a line each below the message (``{"log": "/path"}``).
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, context: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = dict(context or {})

    def __str__(self) -> str:
        lines = [self.message]
        lines += [f"  {key}: {value}" for key, value in self.context.items()]
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(lines)


class UsageError(PypkgError):
    """The command line or a configuration asks for something that cannot be: exit code 2."""

    exit_code = 2
