"""Interpreter options to build into an executable: ``--options``, and ``options`` of the configuration.

Either one string, as for pkg, separated by commas and without dashes (``u,O,X=dev,W=error``), or a list of words as on
Python's command line (``["-u", "-O", "-X", "dev"]``). The options: docs.python.org/3/using/cmdline.html.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from pypkg_core.errors import UsageError

__all__ = ["X_NAMES", "optimization", "parse_options", "split_options"]

_FLAGS: Final = "bBdOuv"
_WITH_VALUE: Final = "WX"

# Options of Python that have no use in an executable -> the reason.
_ALWAYS: Final = "a packaged program always runs this way"
_OWN: Final = "the program handles its own command line"
_NO_PROMPT: Final = "a packaged program has no interactive prompt"
_REFUSED: Final[Mapping[str, str]] = {
    "c": "the packaged program is what runs",
    "m": "the packaged program is what runs",
    "h": _OWN,
    "?": _OWN,
    "V": _OWN,
    "help": _OWN,
    "help-all": _OWN,
    "help-env": _OWN,
    "help-xoptions": _OWN,
    "version": _OWN,
    "i": _NO_PROMPT,
    "q": _NO_PROMPT,
    "E": _ALWAYS,
    "I": _ALWAYS,
    "P": _ALWAYS,
    "R": _ALWAYS,
    "s": _ALWAYS,
    "S": _ALWAYS,
    "x": "a packaged program has no first line to skip",
    "check-hash-based-pycs": "packaged modules have no .pyc files",
}

# Names of -X that Python knows: those that need no value, and those that do.
_X_ALONE: Final = frozenset(
    {"dev", "disable-remote-debug", "faulthandler", "frozen_modules", "importtime", "no_debug_ranges", "perf"}
    | {"perf_jit", "tracemalloc", "utf8", "warn_default_encoding"}
)
_X_SWITCHES: Final = frozenset({"context_aware_warnings", "gil", "thread_inherit_context"})
_X_VALUE: Final = _X_SWITCHES | {"cpu_count", "int_max_str_digits", "pycache_prefix"}
X_NAMES: Final = _X_ALONE | _X_VALUE
_X_NUMBERS: Final[Mapping[str, str]] = {"cpu_count": "1", "int_max_str_digits": "640", "tracemalloc": "1"}
_ACTIONS: Final = ("default", "error", "always", "module", "once", "ignore", "all")


def split_options(text: str) -> list[str]:
    """Return the words of a comma-separated list.

    Raises:
        UsageError: a quotation mark is not closed.
    """
    try:
        return [word for item in text.split(",") for word in shlex.split(item)]
    except ValueError as error:
        raise _refusal(text, str(error).lower()) from error


def parse_options(words: Sequence[str]) -> tuple[str, ...]:
    """Check options and return them as for Python's command line, one word for each: ``-O``, ``-Xdev``.

    Args:
        words: as on Python's command line, or without the dash; ``X=dev`` is ``-X dev``.

    Raises:
        UsageError: an option does not exist, needs a value, or has no use in an executable.
    """
    result = [option for word in _attached(words) for option in _expand(word)]
    level = optimization(result)
    others = [option for option in result if option != "-O"]
    return (*["-" + "O" * level] * (level > 0), *others)


def optimization(options: Iterable[str]) -> int:
    """Return the optimisation level of modules under these options: 0, 1 or 2."""
    return min(sum(option.count("O") for option in options if option.strip("O") == "-"), 2)


def _attached(words: Iterable[str]) -> Iterator[str]:
    """Yield the words without dashes, values joined to their options."""
    waiting = ""
    for word in words:
        if waiting:
            yield waiting + word
            waiting = ""
            continue
        text = word.strip().removeprefix("-")
        plain = text.removeprefix("-")
        if not plain:
            raise _refusal(word, "it is empty")
        if plain in _REFUSED or plain.partition("=")[0] in _REFUSED:
            raise _refusal(word, _REFUSED.get(plain) or _REFUSED[plain.partition("=")[0]])
        if plain.partition("=")[0] in X_NAMES:
            raise _refusal(word, "Python has no such option", f"Write X={plain}")
        if text[-1] in _WITH_VALUE and text[:-1].strip(_FLAGS) == "":
            waiting = text
        else:
            yield text
    if waiting:
        raise _refusal(f"-{waiting}", "it needs a value")


def _expand(text: str) -> Iterator[str]:
    """Yield the options of a word: ``uO`` is two."""
    for at, letter in enumerate(text):
        if letter in _WITH_VALUE:
            value = text[at + 1 :].strip().removeprefix("=").strip()
            _check_value(letter, value)
            yield f"-{letter}{value}"
            return
        if letter in _REFUSED:
            raise _refusal(f"-{letter}", _REFUSED[letter])
        if letter not in _FLAGS:
            raise _refusal(text, f"Python has no option -{letter}")
        yield f"-{letter}"


def _check_value(letter: str, value: str) -> None:
    shown = f"-{letter} {value}".strip()
    if not value or value.startswith("-"):
        raise _refusal(shown, "it needs a value")
    if not value.isascii() or not value.isprintable():
        raise _refusal(shown, "expected printable ASCII")
    if letter == "W":
        action = value.partition(":")[0].strip()
        if action and not any(known.startswith(action) for known in _ACTIONS):
            raise _refusal(shown, f"expected one of {', '.join(_ACTIONS)} before the first colon")
        return
    _check_x(shown, *value.partition("="))


def _check_x(shown: str, name: str, has_value: str, text: str) -> None:
    """Check a value of -X; other names than Python's are for the program (``sys._xoptions``)."""
    if name not in X_NAMES and (close := get_close_matches(name.lower(), sorted(X_NAMES), 1, 0.7)):
        raise _refusal(shown, "Python has no such option", f"Write X={close[0]}")
    if name in _X_VALUE and not text:
        raise _refusal(shown, f"expected {name}=VALUE")
    if name in _X_NUMBERS and has_value and not _is_number(text, name):
        raise _refusal(shown, f"expected an integer >= {_X_NUMBERS[name]}")
    if name in _X_SWITCHES | {"utf8"} and has_value and text not in ("0", "1"):
        raise _refusal(shown, "expected 0 or 1")
    if name == "gil" and text == "0":
        raise _refusal(shown, "the Python of a base needs the global interpreter lock")
    if name == "importtime" and has_value and text != "2":
        raise _refusal(shown, "expected importtime or importtime=2")
    if name == "frozen_modules" and has_value and text not in ("on", "off"):
        raise _refusal(shown, "expected on or off")


def _is_number(text: str, name: str) -> bool:
    if (name, text) in (("int_max_str_digits", "0"), ("cpu_count", "default")):
        return True
    return text.isdecimal() and int(text) >= int(_X_NUMBERS[name])


def _refusal(option: str, why: str, hint: str | None = None) -> UsageError:
    return UsageError(f"Cannot build in the option '{option}': {why}", hint=hint or "Options: u,O,OO,b,B,v,W=...,X=...")
