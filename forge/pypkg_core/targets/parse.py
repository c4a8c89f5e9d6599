"""Targets as users write them."""

from __future__ import annotations

from pypkg_core.errors import UsageError
from pypkg_core.targets.arches import Arch
from pypkg_core.targets.catalogue import (
    HOST_WORD,
    LATEST_WORD,
    Target,
    catalogue,
    find_version,
    latest_version,
)
from pypkg_core.targets.host import host_target
from pypkg_core.targets.platforms import Platform

__all__ = ["parse_target", "parse_targets"]


def parse_target(text: str, *, host: Target | None = None) -> Target:
    """Parse one target: tokens joined by ``-``, in any order; parts that are left out are those of ``host``.

    ``host`` (the word) stands for all three parts, ``latest`` for the newest Python; aliases are in the table.

    Args:
        host: this machine if ``None``.

    Raises:
        UsageError: a token is unknown or names a free-threaded build, a part is given twice, or there is no such
            combination.
    """
    host = host or host_target()
    parts: dict[str, str] = {}
    for token in text.strip().split("-"):
        if token.lower() == HOST_WORD:
            continue
        part, value = _parse_token(token, text.strip())
        if parts.get(part, value) != value:
            raise UsageError(f"Target '{text.strip()}' gives its {part} twice: {parts[part]} and {value}")
        parts[part] = value
    target = Target(
        version=parts.get("version", host.version),
        platform=parts.get("platform", host.platform),
        arch=parts.get("arch", host.arch),
    )
    _ = target.machine  # raises if the platform is not available for this processor
    return target


def parse_targets(text: str, *, host: Target | None = None) -> list[Target]:
    """Parse targets joined by commas, in order, each once; see `parse_target`.

    Raises:
        UsageError: one of them is not valid, or there is none.
    """
    found = [parse_target(item, host=host) for item in text.split(",") if item.strip()]
    if not found:
        raise UsageError(f"No target in '{text}'", hint="A target is like py313-linux-x64")
    return list(dict.fromkeys(found))


def _parse_token(token: str, target: str) -> tuple[str, str]:
    """Return which part of a target a token is, and the part's name in the table."""
    word = token.lower()
    for part, words in (("platform", _words(catalogue().platforms)), ("arch", _words(catalogue().arches))):
        if word in words:
            return part, words[word]
    if word == LATEST_WORD:
        return "version", latest_version()
    digits = word.removeprefix("py").replace(".", "")
    if word.startswith("py") and digits.isdigit():
        return "version", find_version(digits).name
    if word.startswith("py") and digits.endswith("t") and digits[:-1].isdigit():
        ordinary = find_version(digits[:-1]).name
        raise UsageError(
            f"Free-threaded builds are not offered yet: '{token}' in '{target}'",
            hint=f"py{ordinary} is the build with the GIL",
        )
    raise UsageError(
        f"Unknown token '{token}' in '{target}'",
        hint="A target is like py313-linux-x64; `pypkg-forge list` shows every one",
    )


def _words(table: dict[str, Platform] | dict[str, Arch]) -> dict[str, str]:
    return {word: value.name for value in table.values() for word in (value.name, *value.aliases)}
