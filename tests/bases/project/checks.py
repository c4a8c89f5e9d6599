"""Checks for the programs: every failure is printed, and the exit code tells whether there was one."""

import errno
import sys

_failures = 0
_count = 0


def check(name, got, wanted):
    """Compare, and print the difference."""
    global _count, _failures  # noqa: PLW0603 - one program, one tally
    _count += 1
    if got != wanted:
        _failures += 1
        print(f"{name}: got {got!r}, wanted {wanted!r}")


def outcome(function, *arguments, **options):
    """Return the result of a call, or the name of the errno that it fails with."""
    try:
        return function(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno]


def finish():
    """Print the tally and exit."""
    print(f"{_count - _failures} of {_count} as wanted")
    sys.exit(_failures > 0)
