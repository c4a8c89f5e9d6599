"""Checks the structure of a base against the row of its target, without running it."""

from __future__ import annotations

from pathlib import Path

from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.binary import Binary
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_forge.verify.attributes import check_program

__all__ = ["check_structure"]


def check_structure(path: Path, target: Target) -> Binary:
    """Check that ``path`` is a program for ``target`` that needs no more than it has; return what is known of it.

    Raises:
        PypkgError: it is not; the message says what was expected and what was found.
    """
    facts = target.facts
    binary, *others = inspect_file(path)
    if binary.format != facts.format:
        raise PypkgError(f"{path} has the format {binary.format}, expected {facts.format}")
    if others or target.arch not in binary.arches:
        found = ", ".join(item.machine for item in (binary, *others))
        raise PypkgError(f"{path} has the processor {found}, expected {target.arch}")
    _check_needs(path, target, binary)
    if binary.run_paths:
        raise PypkgError(f"{path} looks for libraries in {', '.join(binary.run_paths)}, expected no such path")
    for protection in facts.protections:
        if protection not in binary.protections:
            raise PypkgError(f"{path} lacks a protection: {protection}")
    check_program(path, target)
    return binary


def _check_needs(path: Path, target: Target, binary: Binary) -> None:
    machine, facts = target.machine, target.facts
    if not machine.needed and binary.interpreter is not None:
        raise PypkgError(f"{path} needs a dynamic loader, expected a static program")
    for name in binary.needed:
        if name not in machine.needed:
            allowed = ", ".join(machine.needed) or "none"
            raise PypkgError(f"{path} needs the library {name}; allowed for {target}: {allowed}")
    minimum = binary.minimum
    if minimum is not None and facts.minimum is not None and minimum.version > facts.minimum_version:
        raise PypkgError(f"{path} needs {minimum}, expected at most {facts.minimum}")
    absent = [name for name in facts.absent_symbols if name in binary.undefined]
    if absent:
        raise PypkgError(f"{path} needs {', '.join(absent)}, which {facts.libc} {facts.minimum} does not have")
