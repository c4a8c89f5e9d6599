"""Which native addons a target can load."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.binary import Binary, Minimum
from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_core.targets.versions import version_numbers

__all__ = [
    "best_fitting",
    "fits",
    "has_magic",
    "inspected",
    "is_library",
    "is_program",
    "newer_minimum",
    "packed_minimum",
]

# The tags of an extension module for one version or ABI: `.cpython-313-x86_64-linux-gnu.so`, `.cp313-win_amd64.pyd`,
# `.abi3.so`, and `.abi3t.so` of free-threaded Python (PEP 803).
_ABI_TAG: Final = re.compile(r"\.((cpython-|cp)\d+[a-z]*(-[\w-]+)?|abi\d+[a-z]*)\.\w+$")


def is_library(relative: str) -> bool:
    """Whether a file is a shared library or an extension module of any platform, by its name."""
    table = catalogue()
    return _library_pattern(table.library_endings, table.addon_endings).search(relative) is not None


@functools.cache
def _library_pattern(libraries: tuple[str, ...], addons: tuple[str, ...]) -> re.Pattern[str]:
    """Return what the name of a library ends with: it may have a version behind its suffix."""
    library, addon = ("|".join(map(re.escape, endings)) for endings in (libraries, addons))
    return re.compile(rf"({library})(\.[\d.]+)?$|({addon})$")


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
    suffix = next((suffix for suffix in target.extension_suffixes if path.name.endswith(suffix)), "")
    if _ABI_TAG.search(path.name) is not None and _ABI_TAG.search(suffix) is None:
        return False
    facts = target.facts
    return any(
        binary.format == facts.format
        and binary.system in (facts.system, None)
        and target.arch in binary.arches
        and binary.libc in (facts.libc, None)
        for binary in inspected(path)
    )


def has_magic(path: Path, magic: str) -> bool:
    """Whether a file of bytecode is for the Python of a magic number (``importlib.util.MAGIC_NUMBER``, in hex)."""
    try:
        with path.open("rb") as file:
            return file.read(4).hex() == magic
    except OSError:
        return False


def best_fitting(directory: Path, names: Iterable[str], target: Target) -> str | None:
    """Return which of several files of one extension module the target's Python would load; ``None`` if none fits.

    As the importer does, it prefers the exact version to the stable ABI, and that to a file without a tag.

    Args:
        directory: what the names are relative to.
        names: of the files.
        target: where the module is to be loaded.
    """
    suffixes = target.extension_suffixes

    def rank(name: str) -> int:
        matching = (number for number, suffix in enumerate(suffixes) if name.endswith(suffix))
        return next(matching, len(suffixes))

    return min((name for name in names if fits(directory / name, target)), key=rank, default=None)


@functools.cache  # a library is asked about when wheels are chosen, when it is collected and when it is bundled
def inspected(path: Path) -> tuple[Binary, ...]:
    """Return what is known of an executable or a library, nothing if the file is something else."""
    try:
        return inspect_file(path)
    except PypkgError:
        return ()


def newer_minimum(path: Path, target: Target) -> Minimum | None:
    """Return the C library or system that a library needs, ``None`` if the target's base needs one as new."""
    facts = target.facts
    if facts.minimum is None:
        return None
    needed = [binary.minimum for binary in inspected(path) if target.arch in binary.arches]
    newer = [item for item in needed if item is not None and item.name in (facts.libc, facts.system)]
    newest = max(newer, key=lambda item: item.version, default=None)
    return newest if newest is not None and newest.version > facts.minimum_version else None


def packed_minimum(path: Path, target: Target) -> Minimum | None:
    """Return the C library that a library needs for its packed relocations, ``None`` if every one of the target does.

    Unlike `newer_minimum`, no tag of a wheel promises anything about it.
    """
    facts = target.facts
    if facts.packed_relocations is None:
        return None
    version = version_numbers(facts.packed_relocations)
    packed = any(binary.packed_relocations for binary in inspected(path) if target.arch in binary.arches)
    if not packed or version <= facts.minimum_version:
        return None
    return Minimum(name=facts.libc, version=version, reason="packed relative relocations")
