"""The programs of a build that pip installs: zig, CMake, Ninja, and the wrapper scripts around them."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import platform as host_platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Machine
from pypkg_forge.toolchain.programs import write_script
from pypkg_forge.toolchain.zig import indirect_header

__all__ = ["Toolchain", "WrapperPaths", "find_toolchain", "wrapper_key", "write_wrappers"]

_HINT: Final = "Install the build tools: pip install 'pypkg[forge]'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """Paths of zig, CMake and Ninja; ``version`` is zig's, which is part of every key."""

    zig: Path
    cmake: Path
    ninja: Path
    version: str


def find_toolchain() -> Toolchain:
    """Find zig, CMake and Ninja in their Python packages; CMake and Ninja also on PATH.

    Raises:
        PypkgError: one of them is missing.
    """
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise PypkgError("The package 'ziglang' is missing: pypkg-forge compiles with it", hint=_HINT)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class WrapperPaths:
    """The paths of this machine in the wrappers.

    Attributes:
        tools: the directory of the wrappers.
        cache: zig's cache.
        root: the directory whose path must not occur in a binary.
        prefix: the directory of the dependencies' headers and libraries.
        runtime: ``patches/runtime``.
    """

    tools: Path
    zig: Path
    cmake: Path
    cache: Path
    root: Path
    prefix: Path
    runtime: Path


_PATHS: Final = tuple(field.name for field in dataclasses.fields(WrapperPaths))
_NOWHERE: Final = Path("/pypkg")
_INDIRECT_HEADER: Final = "indirect.h"


def wrapper_texts(machine: Machine, indirect: Sequence[str], front: str, paths: WrapperPaths) -> dict[str, str]:
    """Return the compiler wrappers of cmake/toolchain/toolchain.cmake, and what they include, by file name.

    The wrappers add the headers and libraries of the prefix, so that build systems do not record their paths; paths are
    also replaced in ``__FILE__``.

    Args:
        machine: zig's names of it, and of its processor.
        indirect: the variables that `indirect_header` is for.
        front: the folder of the runtime with the redirect header.
    """
    behind = [
        *("-isystem", paths.prefix / "include"),
        *("-isystem", paths.prefix / "include" / "ncursesw"),
        f"-L{paths.prefix / 'lib'}",
    ]
    cpu = [f"-mcpu={machine.cpu}"] if machine.cpu is not None else []
    target = [paths.zig, "cc", "-target", machine.triple, *cpu, f"-ffile-prefix-map={paths.root}=/pypkg"]
    if indirect:
        target += ["-include", paths.tools / _INDIRECT_HEADER]
    redirect = ["-include", paths.runtime / front / "redirect.h", "-I", paths.runtime]
    # zig contains musl: the development files of the machine's libc are not needed.
    host = ["-target", f"{host_platform.machine()}-linux-musl"] if sys.platform.startswith("linux") else []
    commands: dict[str, tuple[Sequence[object], Sequence[object]]] = {
        "pypkg-cc": (target, behind),
        "pypkg-cc-redirected": ([*target, *redirect], behind),
        "pypkg-host-cc": ([paths.zig, "cc", *host], []),
        "pypkg-ar": ([paths.zig, "ar"], []),
        "pypkg-ranlib": ([paths.zig, "ranlib"], []),
        "pypkg-cmake": ([paths.cmake], []),
    }
    headers = {_INDIRECT_HEADER: indirect_header(indirect)} if indirect else {}
    return headers | {
        name: "#!/bin/sh\n"
        f"export ZIG_GLOBAL_CACHE_DIR={_quoted(paths.cache)} ZIG_LOCAL_CACHE_DIR={_quoted(paths.cache)}\n"
        f'exec {" ".join(map(_quoted, before))} "$@" {" ".join(map(_quoted, after))}\n'
        for name, (before, after) in commands.items()
    }


def wrapper_key(machine: Machine, indirect: Sequence[str], front: str) -> dict[str, str]:
    """Return the wrappers without the paths of this machine, as part of every key; see `wrapper_texts`."""
    return wrapper_texts(machine, indirect, front, WrapperPaths(**dict.fromkeys(_PATHS, _NOWHERE)))


def write_wrappers(machine: Machine, indirect: Sequence[str], front: str, paths: WrapperPaths) -> None:
    """Write the compiler wrappers into ``paths.tools``; unchanged ones are kept. See `wrapper_texts`."""
    paths.tools.mkdir(parents=True, exist_ok=True)
    for name, text in wrapper_texts(machine, indirect, front, paths).items():
        write_script(paths.tools / name, text)


def _quoted(word: object) -> str:
    return "'" + str(word).replace("'", "'\\''") + "'"
