"""What a project declares to need: ``[project.dependencies]``, the extras that are chosen, inline metadata."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypkg.project.project import Project
from pypkg_core.errors import UsageError
from pypkg_core.toml_tables import load_toml

__all__ = ["declared_requirements"]


def declared_requirements(project: Project, extras: Collection[str]) -> tuple[Requirement, ...] | None:
    """Return what a project requires, ``None`` if it declares nothing.

    Args:
        extras: of ``[project.optional-dependencies]``.

    Raises:
        UsageError: a requirement is malformed, or an extra does not exist.
    """
    if project.pyproject is None:
        if extras:
            raise UsageError(f"Extras ({', '.join(extras)}) are chosen, but {project.input} has no pyproject.toml")
        return None if project.requirements is None else tuple(map(Requirement, project.requirements))
    table = load_toml(project.pyproject, UsageError).get("project")
    table = table if isinstance(table, dict) else {}
    found = _read(table.get("dependencies"), "project.dependencies", project)
    optional = table.get("optional-dependencies", {})
    by_name = {canonicalize_name(name): name for name in optional} if isinstance(optional, dict) else {}
    queue, seen = [canonicalize_name(extra) for extra in extras], set[str]()
    for extra in queue:  # grows: an extra may name others of the same project
        if extra in seen:
            continue
        seen.add(extra)
        if extra not in by_name:
            known = ", ".join(sorted(by_name)) or "none"
            raise UsageError(f"There is no extra '{extra}' in {project.pyproject}; it declares: {known}")
        name = by_name[extra]
        more = _read(optional[name], f"project.optional-dependencies.{name}", project) or []
        own = [item for item in more if canonicalize_name(item.name) == canonicalize_name(project.name)]
        queue += [canonicalize_name(other) for item in own for other in item.extras]
        found = [*(found or []), *(item for item in more if item not in own)]
    return None if found is None else tuple(found)


def _read(value: Any, path: str, project: Project) -> list[Requirement] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{path} in {project.pyproject}: expected a list of strings, got {value!r}")
    try:
        return [Requirement(item) for item in value]
    except InvalidRequirement as error:
        raise UsageError(f"{path} in {project.pyproject}: {error}") from error
