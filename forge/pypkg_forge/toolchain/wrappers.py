"""The programs a build runs: zig round wrapper scripts, CMake and Ninja, and what the machine must bring."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform as host_platform
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError

__all__ = ["Places", "Toolchain", "check_programs", "find_toolchain", "wrapper_key", "write_wrappers"]

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
        # SQLite's full tree makes its amalgamation with Tcl; the autoconf archive has it made.
        wanted["tclsh"] = "tcl"
    missing = [name for name in wanted if shutil.which(name) is None]
    if "perl" not in missing and not _whole_perl():
        missing.append("perl")
    if missing:
        packages = " ".join(sorted({wanted[name] for name in missing}))
        raise PypkgError(
            f"Programs that the build runs are missing: {', '.join(missing)}",
            hint=f"On Debian: apt-get install {packages}",
        )


def _whole_perl() -> bool:
    """Whether perl has the modules OpenSSL's Configure uses: a minimal Debian has the bare program only."""
    modules = ["-MFindBin", "-MFile::Compare", "-MIPC::Cmd", "-MGetopt::Long", "-MPOSIX"]
    return subprocess.run(["perl", *modules, "-e", "1"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What the wrappers need to know of this machine.

    ``cache`` is zig's own, ``root`` the folder whose paths must not get into a binary, ``prefix`` holds the
    dependencies' headers and libraries, ``runtime`` is ``patches/runtime`` with the redirect header.
    """

    zig: Path
    cmake: Path
    cache: Path
    root: Path
    prefix: Path
    runtime: Path


_NOWHERE: Final = Path("/pypkg")


def wrapper_texts(triple: str, places: Places) -> dict[str, str]:
    """The compiler wrappers of cmake/toolchain.cmake by file name, for zig's target ``triple``.

    Headers and libraries of the prefix are found by the wrappers, not by flags, so that no path gets into what build
    systems write down; paths are replaced in ``__FILE__``.
    """
    behind = [
        *("-isystem", places.prefix / "include"),
        *("-isystem", places.prefix / "include" / "ncursesw"),
        f"-L{places.prefix / 'lib'}",
    ]
    target = [places.zig, "cc", "-target", triple, f"-ffile-prefix-map={places.root}=/pypkg"]
    redirect = ["-include", places.runtime / "posix" / "redirect.h", "-I", places.runtime]
    # zig brings musl along: no libc development files of the machine are needed.
    host = ["-target", f"{host_platform.machine()}-linux-musl"] if sys.platform.startswith("linux") else []
    commands: dict[str, tuple[Sequence[object], Sequence[object]]] = {
        "pypkg-cc": (target, behind),
        "pypkg-cc-redirected": ([*target, *redirect], behind),
        "pypkg-host-cc": ([places.zig, "cc", *host], []),
        "pypkg-ar": ([places.zig, "ar"], []),
        "pypkg-ranlib": ([places.zig, "ranlib"], []),
        "pypkg-cmake": ([places.cmake], []),
    }
    return {
        name: "#!/bin/sh\n"
        f"export ZIG_GLOBAL_CACHE_DIR={_quoted(places.cache)} ZIG_LOCAL_CACHE_DIR={_quoted(places.cache)}\n"
        f'exec {" ".join(map(_quoted, before))} "$@" {" ".join(map(_quoted, after))}\n'
        for name, (before, after) in commands.items()
    }


def wrapper_key(triple: str) -> dict[str, str]:
    """The wrappers as they would be on a machine where all lies in one place: part of every key."""
    places = Places(zig=_NOWHERE, cmake=_NOWHERE, cache=_NOWHERE, root=_NOWHERE, prefix=_NOWHERE, runtime=_NOWHERE)
    return wrapper_texts(triple, places)


def write_wrappers(folder: Path, triple: str, places: Places) -> None:
    """Write the compiler wrappers into ``folder``; one that is right is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wrapper_texts(triple, places).items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text and os.access(path, os.X_OK):
            continue
        with atomic_write(path, stat.S_IRWXU) as out:
            out.write(text.encode())


def _quoted(word: object) -> str:
    return "'" + str(word).replace("'", "'\\''") + "'"
