"""What is known of a native executable, library or object, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Binary", "Kind", "Minimum", "Protection"]


class Kind(StrEnum):
    """What a file is for."""

    EXECUTABLE = "executable"
    LIBRARY = "library"
    OBJECT = "object"
    OTHER = "other"


class Protection(StrEnum):
    """Protections against the misuse of a fault; a format has only some of them."""

    PIE = "position-independent"
    """It can be loaded at any address (ELF: ET_DYN; PE: DYNAMIC_BASE; Mach-O: MH_PIE, and every library)."""
    HIGH_ENTROPY = "high-entropy addresses"
    """PE: the address may be any of 64 bits."""
    NX = "no executable stack"
    """ELF: PT_GNU_STACK without PF_X; PE: NX_COMPAT; Mach-O: no MH_ALLOW_STACK_EXECUTION."""
    RELRO = "read-only relocations"
    """ELF: PT_GNU_RELRO."""
    BIND_NOW = "bound at start"
    """ELF: with RELRO, addresses of functions are read-only too."""
    READ_ONLY_CODE = "no relocations in code"
    """ELF: neither DT_TEXTREL nor DF_TEXTREL, which make the loader write to code."""
    STACK_PROTECTOR = "stack protector"
    """ELF: it needs a C library's ``__stack_chk_fail``; a program may have that linked in, and show nothing."""
    FORTIFIED = "checked functions"
    """ELF: it needs a C library's functions that check sizes (``__memcpy_chk``); cannot be seen in a static program."""
    BRANCH_TARGETS = "marked branch targets"
    """ELF, by a note that each of its objects must have: IBT (x86), BTI (AArch64)."""
    SHADOW_STACK = "shadow stack"
    """ELF, by such a note: SHSTK (x86), GCS (AArch64)."""
    CONTROL_FLOW_GUARD = "control-flow guard"
    """PE: GUARD_CF."""
    SIGNED = "signed"
    """It carries a signature, which is not checked (PE: a certificate table; Mach-O: LC_CODE_SIGNATURE)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Minimum:
    """The oldest C library or operating system that a file runs with: ``glibc`` (2, 17), ``macos`` (11, 0).

    Attributes:
        reason: why, if it is not the functions that the file calls: ``packed relative relocations``.
    """

    name: str
    version: tuple[int, ...]
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.version))}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    """The code for one processor; a universal Mach-O file has several.

    Attributes:
        format: a key of `pypkg_core.binaries.FORMATS`.
        system: ``linux``, ``freebsd``, ``windows``, ``macos`` or another; ``None`` if the file does not say (most ELF
            files).
        machine: the processor, for messages: ``x86-64``; a number if it is unknown.
        arches: the processors of `pypkg_core.targets` that may run it; empty for others. ELF has one number for every
            ARM of 32 bits.
        bits: 32 or 64.
        kind: what it is for.
        needed: the libraries that must be there when it is loaded, in order.
        optional: those that may be missing, or are loaded later (PE: delay-loaded; Mach-O: weak).
        run_paths: where these are looked for (ELF: DT_RPATH, DT_RUNPATH; Mach-O: LC_RPATH).
        interpreter: the loader that it names.
        libc: the C library that it is linked with, as the table of platforms names it; ``None`` if it does not say.
        minimum: ``None`` if the file does not say.
        undefined: names that others must define, sorted, as C spells them; ``#7`` for a name that PE imports by number.
        protections: those that it has.
        packed_relocations: whether its relative relocations are packed, which older C libraries ignore and then fail
            (ELF: DT_RELR). ``minimum`` covers it where the file asks for such a C library by a version.
    """

    format: str
    system: str | None
    machine: str
    arches: tuple[str, ...]
    bits: int
    kind: Kind
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    run_paths: tuple[str, ...] = ()
    interpreter: str | None = None
    libc: str | None = None
    minimum: Minimum | None = None
    undefined: tuple[str, ...] = ()
    protections: frozenset[Protection] = frozenset()
    packed_relocations: bool = False
