"""The environment that requirement markers are evaluated in, for a target that need not be this machine."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.markers import default_environment

from pypkg_core.targets.catalogue import Target

__all__ = ["host_markers", "target_markers"]


def target_markers(target: Target, release: str) -> dict[str, str]:
    """Return the marker variables of a target (packaging.python.org/specifications/dependency-specifiers).

    Args:
        release: the exact Python release, ``3.13.5``.
    """
    facts = target.facts
    return {
        "implementation_name": "cpython",
        "implementation_version": release,
        "os_name": facts.os_name,
        "platform_machine": target.machine.platform_machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": facts.platform_system,
        "platform_version": "",
        "python_full_version": release,
        "python_version": target.series,
        "sys_platform": facts.sys_platform,
    }


def host_markers(version: Sequence[int]) -> dict[str, str]:
    """Return the marker variables of this machine, for an environment's Python.

    Args:
        version: of that Python: ``(3, 13, 5)``.
    """
    release = ".".join(map(str, version))
    found = {key: str(value) for key, value in default_environment().items()}
    return found | {
        "implementation_version": release,
        "python_full_version": release,
        "python_version": ".".join(map(str, version[:2])),
    }
