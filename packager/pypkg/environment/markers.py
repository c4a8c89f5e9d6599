"""The environment that requirement markers are evaluated in, for a target that need not be this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pypkg.environment.fit import system_name
from pypkg_core.targets.catalogue import Target

__all__ = ["target_markers"]

# Platform -> (os.name, platform.system()).
_SYSTEMS: Final[Mapping[str, tuple[str, str]]] = {
    "win": ("nt", "Windows"),
    "macos": ("posix", "Darwin"),
    "freebsd": ("posix", "FreeBSD"),
}
# Arch -> platform.machine().
_MACHINES: Final[Mapping[str, str]] = {"x64": "x86_64", "arm64": "aarch64", "armv7": "armv7l", "armv6": "armv6l"}


def target_markers(target: Target, release: str) -> dict[str, str]:
    """Return the marker variables of a target (packaging.python.org/specifications/dependency-specifiers).

    Args:
        release: the exact Python release, ``3.13.5``.
    """
    os_name, system = _SYSTEMS.get(target.platform, ("posix", "Linux"))
    return {
        "implementation_name": "cpython",
        "implementation_version": release,
        "os_name": os_name,
        "platform_machine": _MACHINES[target.arch],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": release,
        "python_version": target.series,
        "sys_platform": system_name(target),
    }
