"""Platforms: an operating system and its C library (data/platforms.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pypkg_core.targets.build_settings import PlatformBuild
from pypkg_core.targets.versions import version_numbers

__all__ = ["Platform", "Unprotected", "WheelAlias", "WheelTag"]

_RANGE: Final = re.compile(r"\{(\d+)\.\.(\d+)\}")
_PLACEHOLDERS: Final = {
    "extension_suffixes": {"version": "313", "multiarch": "m", "machine": "m"},
    "wheel_tags": {"version": "1_0", "machine": "m"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unprotected:
    """A protection that the bases of a platform lack or do not show: its name, and why."""

    protection: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelAlias:
    """An older name of the wheels for one version: ``2.17``, ``manylinux2014_{machine}``."""

    version: str
    tag: str


@dataclass(frozen=True, slots=True)
class WheelTag:
    """A platform tag of wheels, and the C library or system that it promises to need at most.

    Attributes:
        name: ``manylinux_2_17_x86_64``.
        version: ``(2, 17)``; empty if the tag promises nothing.
    """

    name: str
    version: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """An operating system and its C library; data/platforms.toml explains the keys."""

    name: str
    aliases: tuple[str, ...]
    description: str
    libc: str
    format: str
    system: str
    os: tuple[str, ...]
    sys_platform: str
    os_name: str
    platform_system: str
    executable_suffix: str
    library_suffix: str
    snapshot_root: str
    protections: tuple[str, ...]
    extension_suffixes: tuple[str, ...]
    wheel_tags: tuple[str, ...]
    wheel_versions: tuple[str, ...]
    wheel_aliases: tuple[WheelAlias, ...] = ()
    unprotected: tuple[Unprotected, ...] = ()
    minimum: str | None = None
    packed_relocations: str | None = None
    absent_symbols: tuple[str, ...] = ()
    largest_executable: int | None = None
    build: PlatformBuild | None = None

    def __post_init__(self) -> None:
        if not self.os:
            raise ValueError("os: is empty")
        for item in self.unprotected:
            if item.protection in self.protections:
                raise ValueError(f"unprotected: '{item.protection}' is in protections")
        for key, values in _PLACEHOLDERS.items():
            for index, text in enumerate(getattr(self, key)):
                try:
                    text.format(**values)
                except (KeyError, ValueError, IndexError) as error:
                    known = ", ".join(f"{{{name}}}" for name in values)
                    raise ValueError(f"{key}[{index}]: expected text with {known} only, got {text!r}") from error
        versions = {f"wheel_versions[{index}]": text for index, text in enumerate(self.wheel_versions)}
        versions |= {"minimum": self.minimum or "0", "packed_relocations": self.packed_relocations or "0"}
        for key, text in versions.items():
            if not all(re.fullmatch(r"\d+(\.\d+)*", version) for version in _counted(text)):
                raise ValueError(f"{key}: expected a version such as 2.17, got {text!r}")

    @property
    def addons(self) -> bool:
        """Whether executables can load native extension modules."""
        return bool(self.extension_suffixes)

    @property
    def minimum_version(self) -> tuple[int, ...]:
        """``minimum`` as numbers; empty, which is before every version, if there is none."""
        return version_numbers(self.minimum) if self.minimum is not None else ()

    def snapshot_path(self, relative: str) -> str:
        r"""Return the path of a packaged file at run time: ``/snapshot/a/b``, ``C:\snapshot\a\b``.

        Args:
            relative: below the root, with ``/`` and without a leading one; ``""`` is the root itself.
        """
        separator = "\\" if "\\" in self.snapshot_root else "/"
        return separator.join([self.snapshot_root, *(relative.split("/") if relative else [])])

    def suffixes(self, version: str, machine: str, multiarch: str | None) -> list[str]:
        """Return the suffixes of extension modules, as the interpreter tries them.

        Args:
            version: "313".
            machine: ``platform.machine()``.
            multiarch: CPython's name of the machine; see `needs_multiarch`.
        """
        values = {"version": version, "machine": machine.lower(), "multiarch": multiarch}
        return [text.format(**values) for text in self.extension_suffixes]

    @property
    def needs_multiarch(self) -> bool:
        """Whether the machines of this platform must have a ``multiarch``."""
        return any("{multiarch}" in text for text in self.extension_suffixes)

    def tags(self, machine: str) -> list[WheelTag]:
        """Return the platform tags of the wheels that can be used, best first.

        Args:
            machine: ``platform.machine()``.
        """
        lower = machine.lower()
        versioned = [text for text in self.wheel_tags if "{version}" in text]
        found = []
        for version in self._ordered_versions():
            names = [alias.tag for alias in self.wheel_aliases if version_numbers(alias.version) == version]
            for text in (*names, *versioned):
                found.append(WheelTag(text.format(version="_".join(map(str, version)), machine=lower), version))
        return found + [WheelTag(text.format(machine=lower), ()) for text in self.wheel_tags if text not in versioned]

    def _ordered_versions(self) -> list[tuple[int, ...]]:
        versions = [version_numbers(version) for text in self.wheel_versions for version in _counted(text)]
        # Wheels for an old system run wherever the base does; one for a newer system is better than none.
        old = sorted((version for version in versions if version <= self.minimum_version), reverse=True)
        return old + sorted(version for version in versions if version > self.minimum_version)


def _counted(text: str) -> Iterator[str]:
    """Yield ``text`` with its ``{from..to}``, if it has one, replaced by each number."""
    found = _RANGE.search(text)
    if found is None:
        yield text
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        yield f"{text[: found.start()]}{number}{text[found.end() :]}"
