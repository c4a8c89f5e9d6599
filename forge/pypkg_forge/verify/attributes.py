"""Compares the build attributes of code with those that a processor's row allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pypkg_core.binaries.ar import members
from pypkg_core.binaries.elf.arm import BuildAttributes, arm_attributes
from pypkg_core.binaries.magics import ELF_MAGIC
from pypkg_core.binaries.mapped import map_file
from pypkg_core.errors import PypkgError
from pypkg_core.targets.arches import Arch
from pypkg_core.targets.catalogue import Target

__all__ = ["check_libraries", "check_program", "loader_fits"]

# How a message calls each attribute: as the ABI does, but for the last one, which linked files have elsewhere.
_LABELS: Final = {
    "cpu_arch": "Tag_CPU_arch",
    "fp_arch": "Tag_FP_arch",
    "advanced_simd_arch": "Tag_Advanced_SIMD_arch",
    "float_abi": "floating-point ABI",
}


def check_program(path: Path, target: Target) -> None:
    """Check a linked base.

    Its attributes may be those of one object alone, the C library's start code: `check_libraries` checks the others.

    Raises:
        PypkgError: it is marked to need more than the row of its processor allows, or has no attributes.
    """
    if target.processor.build_attributes is None:
        return
    found = arm_attributes(map_file(path), path)
    if found is None:
        raise PypkgError(f"{path} has no build attributes, expected those of {target.arch}")
    problem = _problem(found, target.processor, assembly=True)
    if problem is not None:
        raise PypkgError(f"{path} {problem}")


def check_libraries(paths: Iterable[Path], target: Target) -> None:
    """Check every object of static libraries that a base is linked from.

    Raises:
        PypkgError: an object is marked to need more than the row of the target's processor allows.
    """
    processor = target.processor
    if processor.build_attributes is None:
        return
    for path in paths:
        if path.name in processor.run_time_choice:
            continue
        data = map_file(path)[:]
        shown = f"An object in {path}"
        for span in members(data, path):
            contents = data[span.offset : span.offset + span.size]
            found = arm_attributes(contents, shown) if contents.startswith(ELF_MAGIC) else None
            # A compiler says where floating-point arguments are passed.
            problem = _problem(found, processor, assembly=found.float_abi is None) if found is not None else None
            if problem is not None:
                raise PypkgError(f"{shown} {problem}")


def loader_fits(loader: Path, target: Target) -> bool:
    """Return whether the C library that runs programs here is for the target's processor, and not for a newer one.

    Raises:
        PypkgError: the loader cannot be read, or is not an ELF file.
    """
    if target.processor.build_attributes is None:
        return True
    found = arm_attributes(map_file(loader), loader)
    return found is not None and _problem(found, target.processor, assembly=True) is None


def _problem(found: BuildAttributes, processor: Arch, *, assembly: bool) -> str | None:
    """Return what is wrong with the attributes of a file, ``None`` if nothing is.

    Args:
        processor: has ``build_attributes``.
        assembly: whether they may be those of assembly language.
    """
    rows = [processor.build_attributes, processor.assembly_attributes if assembly else None]
    for name, value in asdict(found).items():
        values = [text for row in rows if row is not None for text in getattr(row, name)]
        if value is not None and value not in values:
            return f"is marked to need more than its target has: {_LABELS[name]} {value}; allowed: {', '.join(values)}"
    return None
