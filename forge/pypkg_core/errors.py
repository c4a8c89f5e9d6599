"""The base of all errors: what failed, on what, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["PypkgError", "UnavailableError", "UsageError"]


class PypkgError(Exception):
    """A failure that the user can act on; only ``main()`` prints it and exits.

    Args:
        message: one sentence: what failed, on what, what was expected and what was found.
        hint: what to do next, without a full stop, or ``None``.
        context: facts that get a line each below the message (``{"log": "/path"}``).
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
    """The command line or a configuration is not valid: exit code 2."""

    exit_code = 2


class UnavailableError(PypkgError):
    """A file that others publish is unavailable.

    Args:
        message: of one origin: names it, and says why in a few words; of all of them: what was wanted.
        hint, context: as of `PypkgError`.
        unreachable: the host did not answer at all, so that its other files are unavailable too.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        context: Mapping[str, object] | None = None,
        unreachable: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, context=context)
        self.unreachable = unreachable
