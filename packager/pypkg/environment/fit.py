"""Which native addons a target can load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target

__all__ = ["fits", "highest_glibc", "is_library", "is_program", "system_name", "wheel_platforms"]

_ABI_TAG: Final = re.compile(r"\.(?:cpython-(?P<cpython>\d+)[a-z]*|cp(?P<cp>\d+))-(?P<platform>[\w-]+)\.(?:so|pyd)$")
_LIBRARY: Final = re.compile(r"\.(so|pyd|dll|dylib)$|\.so\.[\d.]+$")
# Minor versions of glibc 2 that wheels are tagged with; the base itself needs 2.17.
_GLIBC_MINORS: Final = range(5, 45)
_BASE_GLIBC: Final = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class _Machine:
    """Names of one processor: in file names of extensions, in wheel tags."""

    suffix: str
    wheel: str


_MACHINES: Final[Mapping[str, _Machine]] = {
    "x64": _Machine(suffix="x86_64", wheel="x86_64"),
    "arm64": _Machine(suffix="aarch64", wheel="aarch64"),
    "armv7": _Machine(suffix="arm", wheel="armv7l"),
    "armv6": _Machine(suffix="arm", wheel="armv6l"),
}
# What follows the version in an extension's file name; {0} is the machine.
_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "linux": ("{0}-linux-gnu", "{0}-linux-gnueabihf"),
    "alpine": ("{0}-linux-musl", "{0}-linux-musleabihf"),
    "macos": ("darwin",),
    "win": ("win_amd64", "win_arm64"),
    "freebsd": (),
}
# The format of native files, and the system that they name.
_BINARIES: Final[Mapping[str, tuple[str, str]]] = {
    "linux": ("elf", "linux"),
    "alpine": ("elf", "linux"),
    "linuxstatic": ("elf", "linux"),
    "win": ("pe", "windows"),
    "macos": ("macho", "macos"),
    "freebsd": ("elf", "freebsd"),
}
_SYSTEM_NAMES: Final[Mapping[str, str]] = {"win": "win32", "macos": "darwin", "freebsd": "freebsd14"}


def system_name(target: Target) -> str:
    """Return ``sys.platform`` on the target."""
    return _SYSTEM_NAMES.get(target.platform, "linux")


def is_library(relative: str) -> bool:
    """Whether a file is a shared library or an extension module, by its name."""
    return _LIBRARY.search(relative) is not None


def is_program(path: Path) -> bool:
    """Whether an executable file is a program: an ELF, Mach-O or Windows executable, or a script that names one.

    Execute permission alone is not enough: archives made on other systems give it to every file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError:
        return False
    return head.startswith((b"#!", *EXECUTABLE_MAGICS))


def fits(path: Path, target: Target) -> bool:
    """Whether the target can load an extension module or a shared library, by its name and its contents.

    Args:
        path: its file, made for any platform.
        target: where it is to be loaded.
    """
    if not target.addons:
        return False
    tagged = _ABI_TAG.search(path.name)
    if tagged is not None:
        if (tagged["cpython"] or tagged["cp"]) != target.version:
            return False
        suffix = _MACHINES[target.arch].suffix
        names = [pattern.format(suffix) for pattern in _SUFFIXES[target.platform]]
        if tagged["platform"] not in names:
            return False
    try:
        found = inspect_file(path)
    except PypkgError:  # it is something else that has the name of a library
        return False
    file_format, system = _BINARIES[target.platform]
    return any(
        binary.format == file_format and binary.system in (system, None) and target.arch in binary.arches
        for binary in found
    )


def highest_glibc(path: Path) -> tuple[int, ...] | None:
    """Return the newest glibc version a library needs if that is newer than the base's 2.17, otherwise ``None``."""
    try:
        needed = [binary.minimum for binary in inspect_file(path)]
    except PypkgError:
        return None
    versions = [minimum.version for minimum in needed if minimum is not None and minimum.name == "glibc"]
    newest = max(versions, default=(2, 0))
    return newest if newest > (2, _BASE_GLIBC) else None


def wheel_platforms(target: Target) -> list[str]:
    """Return the wheel platform tags that the target can load, best first (PEP 600, PEP 656)."""
    machine = _MACHINES[target.arch].wheel
    if target.platform == "linux":
        old = [f"manylinux_2_{minor}_{machine}" for minor in reversed(_GLIBC_MINORS) if minor <= _BASE_GLIBC]
        new = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS if minor > _BASE_GLIBC]
        legacy = [f"manylinux{name}_{machine}" for name in ("2014", "2010", "1")]
        # Wheels for an older glibc run on more machines; a newer one is better than none.
        return [*legacy, *old, *new]
    if target.platform == "alpine":
        return [f"musllinux_1_{minor}_{machine}" for minor in (2, 1)]
    if target.platform == "macos":
        kinds = (machine.replace("aarch64", "arm64"), "universal2")
        return [f"macosx_{major}_0_{kind}" for major in range(11, 16) for kind in kinds]
    if target.platform == "win":
        return ["win_amd64" if target.arch == "x64" else "win_arm64"]
    return []
