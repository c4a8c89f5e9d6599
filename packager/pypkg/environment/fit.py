"""Which native addons a target can load."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.targets.catalogue import Target

__all__ = ["fits", "highest_glibc", "is_library", "is_program", "system_name", "wheel_platforms"]

_ABI_TAG: Final = re.compile(r"\.(?:cpython-(?P<cpython>\d+)[a-z]*|cp(?P<cp>\d+))-(?P<platform>[\w-]+)\.(?:so|pyd)$")
_ABI3: Final = re.compile(r"\.abi3(-[\w-]+)?\.so$")
_LIBRARY: Final = re.compile(r"\.(so|pyd|dll|dylib)$|\.so\.[\d.]+$")
_GLIBC: Final = re.compile(r"GLIBC_(\d+)\.(\d+)")
_EM_OFFSET: Final = 18  # Elf64_Ehdr.e_machine, System V ABI, figure 4-3
# Minor versions of glibc 2 that wheels are tagged with; the base itself needs 2.17.
_GLIBC_MINORS: Final = range(5, 45)
_BASE_GLIBC: Final = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class _Machine:
    """Names of one processor: in ELF, in file names of extensions, in wheel tags."""

    elf: int
    suffix: str
    wheel: str


_MACHINES: Final[Mapping[str, _Machine]] = {
    "x64": _Machine(elf=62, suffix="x86_64", wheel="x86_64"),
    "arm64": _Machine(elf=183, suffix="aarch64", wheel="aarch64"),
    "armv7": _Machine(elf=40, suffix="arm", wheel="armv7l"),
    "armv6": _Machine(elf=40, suffix="arm", wheel="armv6l"),
}
# What follows the version in an extension's file name; {0} is the machine.
_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "linux": ("{0}-linux-gnu", "{0}-linux-gnueabihf"),
    "alpine": ("{0}-linux-musl", "{0}-linux-musleabihf"),
    "macos": ("darwin",),
    "win": ("win_amd64", "win_arm64"),
    "freebsd": (),
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
    """Whether the target can load an extension module, by its name and its ELF header.

    Args:
        path: an extension module's file.
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
    elif path.name.endswith(".pyd") != (target.platform == "win"):
        return False
    if target.platform in ("win", "macos"):
        return tagged is not None or _ABI3.search(path.name) is not None or path.name.endswith(".pyd")
    return _elf_machine(path) == _MACHINES[target.arch].elf


def _elf_machine(path: Path) -> int:
    try:
        with path.open("rb") as file:
            head = file.read(_EM_OFFSET + 2)
    except OSError:
        return -1
    if len(head) < _EM_OFFSET + 2 or not head.startswith(b"\x7fELF"):
        return -1
    order = "<" if head[5] == 1 else ">"
    return int(struct.unpack_from(f"{order}H", head, _EM_OFFSET)[0])


def highest_glibc(path: Path) -> tuple[int, int] | None:
    """Return the newest glibc version a library needs if that is newer than the base's 2.17, otherwise ``None``.

    Read from the version requirements (``.gnu.version_r``; Linux Standard Base, "Symbol Versioning").
    """
    try:
        with path.open("rb") as file:
            found = [
                (int(match[1]), int(match[2]))
                for section in ELFFile(file).iter_sections()
                if isinstance(section, GNUVerNeedSection)
                for _, versions in section.iter_versions()
                for version in versions
                if (match := _GLIBC.match(version.name))
            ]
    except (OSError, ELFError):
        return None
    newest = max(found, default=(2, 0))
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
