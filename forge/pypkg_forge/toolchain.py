"""The programs a build runs: zig round wrapper scripts, CMake and Ninja, and what the machine must bring."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform as host_platform
import shutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError
from pypkg_forge.targets import Machine

__all__ = ["Toolchain", "check_programs", "find_toolchain", "write_wrappers"]

# Program -> the Debian package that has it.
_PROGRAMS: Final = {
    "make": "make",
    "perl": "perl",
    "sh": "dash",
    "awk": "mawk",
    "sed": "sed",
    "grep": "grep",
    "find": "findutils",
    "tic": "ncurses-bin",
    "infocmp": "ncurses-bin",
}
_HINT: Final = "Install the build tools: pip install 'pypkg[forge]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """Paths of the build's own programs; ``version`` is zig's, part of every key."""

    zig: Path
    cmake: Path
    ninja: Path
    version: str


def find_toolchain() -> Toolchain:
    """Find zig, CMake and Ninja: their Python packages, or the latter two on PATH.

    Raises:
        PypkgError: one of them is missing.
    """
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise PypkgError("The package 'ziglang' is missing: it is the forge's compiler", hint=_HINT)
    zig = Path(next(iter(spec.submodule_search_locations))) / "zig"
    if not zig.is_file():
        raise PypkgError(f"The package 'ziglang' has no program: {zig} is missing", hint=_HINT)
    return Toolchain(
        zig=zig,
        cmake=_program("cmake", "CMAKE_BIN_DIR"),
        ninja=_program("ninja", "BIN_DIR"),
        version=importlib.metadata.version("ziglang"),
    )


def _program(name: str, attribute: str) -> Path:
    if importlib.util.find_spec(name) is not None:
        folder = getattr(importlib.import_module(name), attribute, None)
        if folder is not None and (Path(folder) / name).is_file():
            return Path(folder) / name
    found = shutil.which(name)
    if found is None:
        raise PypkgError(f"The program '{name}' is missing", hint=_HINT)
    return Path(found)


def check_programs(*, tcl: bool) -> None:
    """Check that the machine has what the build runs besides the toolchain; ``tcl``: a Tcl shell too.

    Raises:
        PypkgError: programs are missing; all are named, with Debian's packages for them.
    """
    wanted = dict(_PROGRAMS)
    if tcl:
        wanted["tclsh"] = "tcl"
    missing = [name for name in wanted if shutil.which(name) is None]
    if missing:
        packages = " ".join(sorted({wanted[name] for name in missing}))
        raise PypkgError(
            f"Programs that the build runs are missing: {', '.join(missing)}",
            hint=f"On Debian: apt-get install {packages}",
        )


def write_wrappers(
    folder: Path,
    toolchain: Toolchain,
    machine: Machine,
    *,
    cache: Path,
    roots: Sequence[Path],
    prefix: Path,
    core: Path,
) -> None:
    """Write the compiler wrappers of cmake/toolchain.cmake.

    Headers and libraries of ``prefix`` are found by the wrappers, not by flags, so that no path gets into what build
    systems write down; paths below ``roots`` are replaced in ``__FILE__``.

    Args:
        folder: where the scripts go.
        machine: the target.
        cache: zig's own cache.
        roots: folders whose paths must not get into a binary, longest last.
        prefix: the dependencies' headers and libraries.
        core: ``patches/overlay/core``, with the redirect header.
    """
    maps = [f"-ffile-prefix-map={root}=/pypkg" for root in roots]
    behind = ["-isystem", prefix / "include", "-isystem", prefix / "include" / "ncursesw", f"-L{prefix / 'lib'}"]
    target = [toolchain.zig, "cc", "-target", machine.triple, *maps]
    redirect = ["-include", core / "pypkg_redirect.h", "-I", core]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "pypkg-cc", cache, target, behind)
    _write(folder / "pypkg-cc-redirected", cache, [*target, *redirect], behind)
    # zig brings musl along: no libc development files of the machine are needed.
    host = ["-target", f"{host_platform.machine()}-linux-musl"] if sys.platform.startswith("linux") else []
    _write(folder / "pypkg-host-cc", cache, [toolchain.zig, "cc", *host], [])
    _write(folder / "pypkg-ar", cache, [toolchain.zig, "ar"], [])
    _write(folder / "pypkg-ranlib", cache, [toolchain.zig, "ranlib"], [])


def _write(path: Path, cache: Path, before: Sequence[object], behind: Sequence[object]) -> None:
    text = (
        "#!/bin/sh\n"
        f"export ZIG_GLOBAL_CACHE_DIR={_quoted(cache)} ZIG_LOCAL_CACHE_DIR={_quoted(cache)}\n"
        f'exec {" ".join(map(_quoted, before))} "$@" {" ".join(map(_quoted, behind))}\n'
    )
    if path.is_file() and path.read_text(encoding="utf-8") == text and os.access(path, os.X_OK):
        return
    with atomic_write(path, stat.S_IRWXU) as out:
        out.write(text.encode())


def _quoted(word: object) -> str:
    return "'" + str(word).replace("'", "'\\''") + "'"
