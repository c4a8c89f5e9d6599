"""The build settings of a machine: those of its platform (platforms.toml) and its own (targets.toml)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Build", "MachineBuild", "PlatformBuild", "build_settings"]


@dataclass(frozen=True, kw_only=True)
class PlatformBuild:
    """The build settings that every machine of a platform has.

    Attributes:
        system: CMake's name of the system.
        dependencies: the libraries of a base, by their names in sources.toml.
        openssl_cflags: compiler flags for OpenSSL only.
        cflags: compiler flags for everything.
        hardening_cflags: compiler flags for everything but the core of CPython: what reads input from outside.
        python_cflags: compiler flags for CPython only.
        ldflags: linker flags for everything.
        base_ldflags: linker flags for the base only.
        libs: libraries for the base only.
        indirect: variables of the C library that must not be copied into an executable
            (``pypkg_forge.toolchain.zig``).
    """

    system: str
    dependencies: tuple[str, ...]
    openssl_cflags: tuple[str, ...]
    cflags: tuple[str, ...]
    hardening_cflags: tuple[str, ...]
    python_cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    base_ldflags: tuple[str, ...]
    libs: tuple[str, ...]
    indirect: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MachineBuild:
    """The build settings that one machine has.

    Attributes:
        processor: CMake's name of the processor.
        gnu_triple: what configure scripts call the machine.
        openssl: OpenSSL's name of the machine.
        guard_cflags: compiler flags where the stack protector is: how its guard is read.
    """

    processor: str
    gnu_triple: str
    openssl: str
    guard_cflags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Build(PlatformBuild, MachineBuild):
    """Everything that a base is built with."""


def build_settings(platform: PlatformBuild | None, machine: MachineBuild | None) -> Build | None:
    """Return the settings of a machine of a platform; ``None`` if either has none."""
    if platform is None or machine is None:
        return None
    return Build(**vars(platform), **vars(machine))
