"""Running the programs of any tested target: by themselves, or with the emulator of their processor.

Tests start a base, or a program that is made from one, with `command`. What such a program starts itself needs
`need_processes` too. What an emulator cannot do stands in `LIMITS`: `need_kernel` skips the test.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import needs
from binfmt import cannot_register
from pypkg_core.binaries import inspect_file, read_image
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.parse import parse_target
from pypkg_forge.verify.runner import runner

__all__ = ["LIMITS", "command", "is_emulated", "need_kernel", "need_processes", "target_of", "why_no_processes"]

# What qemu-user does otherwise than a kernel, by the words that tests name it with.
LIMITS: Final[Mapping[str, str]] = {
    "damaged headers": "qemu-user reads program headers itself, and reports damage in its own words",
    "fexecve": "qemu-user has no execveat: what is started by a descriptor does not look like the program itself",
    "shrinking files": "qemu-user ends with an assertion when a file ends before what is mapped of it",
}


@functools.cache
def target_of(program: Path) -> Target:
    """Return the target of a base, or of a program that is made from one."""
    return parse_target(str(read_image(program).manifest["target"]))


@functools.cache
def _words(program: Path) -> tuple[str, ...]:
    target, binary = target_of(program), inspect_file(program)[0]
    found = runner(target, binary)
    if found.reason is not None:
        needs.unmet(f"Nothing here runs {target}: {found.reason}", "CONTRIBUTING.md, 'Set up', names the packages")
    return found.words


def command(program: Path, *arguments: str | Path, like: Path | None = None) -> list[str | Path]:
    """Return the command that runs a base, or a program that is made from one; skip the test if nothing here runs it.

    Args:
        program: keeps its target as long as the tests run.
        arguments: of the program.
        like: a program of the same target, if ``program`` is damaged.
    """
    return [*_words(like or program), program, *arguments]


def is_emulated(program: Path) -> bool:
    """Whether a base, or a program that is made from one, needs an emulator here."""
    return bool(_words(program))


def why_no_processes(program: Path) -> str:
    """Let programs like this one start each other here; return why they cannot, or an empty text if they can."""
    emulator = target_of(program).processor.emulator
    return cannot_register(emulator) if is_emulated(program) and emulator is not None else ""


def need_processes(program: Path) -> None:
    """Require that programs like this one can start each other."""
    if problem := why_no_processes(program):
        needs.privilege(f"starting programs of {target_of(program)} from each other", problem)


def need_kernel(program: Path, limit: str) -> None:
    """Skip a test of what an emulator does otherwise than the system; nothing could be installed for it.

    Args:
        program: a base, or a program that is made from one.
        limit: a word of `LIMITS`.
    """
    if is_emulated(program):
        needs.other_host(f"{target_of(program)} is emulated: {LIMITS[limit]}")
