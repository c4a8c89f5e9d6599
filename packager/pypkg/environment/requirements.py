"""Requirement specifiers (packaging.python.org/specifications/dependency-specifiers)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from pypkg_core.errors import UsageError

__all__ = ["applies", "parse_requirements", "single_requirement"]


def parse_requirements(specifiers: Iterable[str]) -> Iterator[Requirement]:
    """Yield requirements such as ``tomli>=2; python_version < "3.11"``; invalid ones are skipped."""
    for text in specifiers:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def single_requirement(text: str) -> Requirement:
    """Return the requirement in a text.

    Raises:
        UsageError: it is none.
    """
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        problem = str(error).splitlines()[0]
        raise UsageError(f"expected a requirement such as 'httpie==3.2.4', got {text!r}: {problem}") from error


def applies(requirement: Requirement, environment: Mapping[str, str], extras: Collection[str] = ()) -> bool:
    """Return whether a requirement's marker holds, without extras or with one of those chosen.

    Args:
        environment: what the marker is evaluated in.
        extras: normalised names of the chosen extras of the distribution that requires it.
    """
    marker = requirement.marker
    if marker is None:
        return True
    try:
        return any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
    except UndefinedEnvironmentName:
        return False
