"""Requirement specifiers (packaging.python.org/specifications/dependency-specifiers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["required_names"]


def required_names(specifiers: Iterable[str], environment: Mapping[str, str]) -> set[str]:
    """Return the normalised names that are required without extras; invalid specifiers are skipped.

    Args:
        specifiers: such as ``tomli>=2; python_version < "3.11"``.
        environment: what markers are evaluated in.
    """
    found: set[str] = set()
    for text in specifiers:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""}):
            found.add(canonicalize_name(requirement.name))
    return found
