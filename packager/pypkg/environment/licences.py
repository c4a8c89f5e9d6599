"""Which distributions have a free licence, by what their metadata states."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from pypkg_core.toml_tables import load_toml

__all__ = ["is_free"]

_DATA: Final = Path(__file__).parents[1] / "data" / "licences.toml"
_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_PUNCTUATION: Final = re.compile(r"[^a-z0-9 ]+")
_APPROVED: Final = "License :: OSI Approved"
_CLASSIFIER: Final = "License :: "


def is_free(*, expression: str, classifiers: Sequence[str], field: str) -> bool:
    """Whether anyone may read and pass on the source of a distribution. What states nothing is not free.

    Args:
        expression: the field ``License-Expression`` (PEP 639), which counts alone if it is there.
        classifiers: all of them; those about licences count before the field.
        field: the field ``License``: an identifier, a name, or a whole text.
    """
    if expression:
        return _expression_is_free(expression)
    licences = [item for item in classifiers if item.startswith(_CLASSIFIER)]
    if licences:
        return all(
            item.startswith(_APPROVED) or item.removeprefix(_CLASSIFIER) in _table()["classifiers"] for item in licences
        )
    first = field.strip().partition("\n")[0]
    words = " ".join(_PUNCTUATION.sub("", first.lower().replace("-", " ")).split())
    return words in _table()["names"] or _expression_is_free(first)


def _expression_is_free(text: str) -> bool:
    """Evaluate an expression: of alternatives one has to be free, of licences that hold together all."""
    try:
        tokens = list(_TOKEN.findall(canonicalize_license_expression(text)))
    except InvalidLicenseExpression:
        return False
    return _alternatives(iter([*tokens, ")"]))


def _alternatives(tokens: Iterator[str]) -> bool:
    """Evaluate up to the closing parenthesis. ``AND`` binds stronger than ``OR``; ``WITH`` only adds permissions."""
    found, together = False, True
    for word in tokens:
        if word == ")":
            break
        if word == "(":
            together = _alternatives(tokens) and together
        elif word == "OR":
            found, together = found or together, True
        elif word == "WITH":
            next(tokens)
        elif word != "AND":
            together = _is_approved(word) and together
    return found or together


def _is_approved(identifier: str) -> bool:
    return re.sub(r"(-only|-or-later|\+)$", "", identifier) in _table()["approved"]


@functools.cache
def _table() -> dict[str, frozenset[str]]:
    return {key: frozenset(map(str, values)) for key, values in load_toml(_DATA).items() if isinstance(values, list)}
