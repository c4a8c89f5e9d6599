"""Processor architectures, and what their code may be marked to need (targets.toml)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AllowedAttributes", "Arch", "AssemblyAttributes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedAttributes:
    """The build attributes that code may have: each value by its name in `pypkg_core.binaries.elf.arm`."""

    cpu_arch: tuple[str, ...] = ()
    fp_arch: tuple[str, ...] = ()
    advanced_simd_arch: tuple[str, ...] = ()
    float_abi: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AssemblyAttributes(AllowedAttributes):
    """Those that code from assembly language may have besides, whatever its instructions are, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arch:
    """A processor architecture.

    Attributes:
        largest_executable: in bytes: what a process of this processor can map of one file; ``None`` without a limit.
        emulator: the program that runs executables for this processor on another; ``None`` if none is known.
        emulated_cpu: the processor that the emulator shall be, by its own name; ``None`` is its default.
        build_attributes: ``None`` if code for this processor has no build attributes.
        assembly_attributes: ``None`` if assembly language is marked as other code is.
        run_time_choice: the static libraries with newer code that they run only on a processor that has it: their
            build attributes are not compared.
    """

    name: str
    aliases: tuple[str, ...]
    largest_executable: int | None = None
    emulator: str | None = None
    emulated_cpu: str | None = None
    build_attributes: AllowedAttributes | None = None
    assembly_attributes: AssemblyAttributes | None = None
    run_time_choice: tuple[str, ...] = ()
