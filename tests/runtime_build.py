"""Compiling the runtime for the programs that test it: each source once for each set of flags.

Objects are kept in ``build/runtime-objects`` under a hash of everything that they are made from, so that a second
program, a second worker of pytest, and the next run compile only what changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final

from pypkg_core.targets.host import host_target

__all__ = [
    "CODEC_LIBRARIES",
    "FLAGS",
    "RUNTIME",
    "compile_objects",
    "compile_program",
    "has_codecs",
    "layers",
    "runtime_sources",
]

_REPOSITORY: Final = Path(__file__).parents[1]
_OBJECTS: Final = _REPOSITORY / "build" / "runtime-objects"
RUNTIME: Final = _REPOSITORY / "patches" / "runtime"
# As libpypkg is compiled (cmake/runtime.cmake), for a debugger and with the functions that only tests call.
FLAGS: Final = (
    *("-std=c11", "-D_GNU_SOURCE", "-DPYPKG_TESTS"),
    *("-g", "-O1", "-Wall", "-Wextra", "-Werror"),
    f"-I{RUNTIME}",
)
CODEC_LIBRARIES: Final = ("-lz", "-lbrotlidec", "-lzstd")
_UNUSED_SECONDS: Final = 7 * 24 * 3600


def layers() -> tuple[str, ...]:
    """Return the folders of the runtime from the lowest to the highest, as ``cmake/runtime.cmake`` lists them."""
    text = (_REPOSITORY / "cmake" / "runtime.cmake").read_text()
    found = re.search(r"^set\(PYPKG_LAYERS ([a-z ]+)\)$", text, re.MULTILINE)
    if found is None:
        raise ValueError("cmake/runtime.cmake: expected a line set(PYPKG_LAYERS ...)")
    return tuple(found[1].split())


def runtime_sources(*left_out: str) -> list[Path]:
    """Return the C files of the runtime for this system, without its Python part, sorted.

    Args:
        left_out: names of files: "sqlite.c".
    """
    python, system = RUNTIME / "python", RUNTIME / "os"
    own = {system / folder for folder in host_target().facts.os}
    return [
        path
        for path in sorted(RUNTIME.rglob("*.c"))
        if python not in path.parents
        and (path.parent.parent != system or path.parent in own)
        and path.name not in left_out
    ]


@cache
def _compiler_version(compiler: str) -> bytes:
    return subprocess.run([compiler, "--version"], check=True, capture_output=True).stdout


@cache
def _headers(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.h")):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.digest()


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr}")


def _compile(compiler: str, flags: Sequence[str], source: Path) -> Path:
    parts = [_compiler_version(compiler), _headers(RUNTIME), _headers(source.parent), "\0".join(flags).encode()]
    digest = hashlib.sha256(b"\0".join([*parts, str(source).encode(), source.read_bytes()])).hexdigest()
    out = _OBJECTS / digest[:2] / f"{digest[2:32]}-{source.stem}.o"
    if out.is_file():
        os.utime(out)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = out.with_suffix(f".{os.getpid()}")
        _run([compiler, *flags, "-c", source, "-o", made])
        made.rename(out)
    return out


def _remove_unused() -> None:
    for path in _OBJECTS.glob("??/*"):
        try:
            if time.time() - path.stat().st_mtime > _UNUSED_SECONDS:
                path.unlink()
        except FileNotFoundError:  # another worker was faster
            continue


def compile_objects(compiler: str, flags: Sequence[str], sources: Iterable[Path]) -> list[Path]:
    """Compile C files, several at a time, and return their objects in the same order.

    Args:
        compiler: name or path of the compiler.
        flags: all that it gets, but for file names.

    Raises:
        RuntimeError: a file does not compile; the compiler's messages.
    """
    _remove_unused()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(partial(_compile, compiler, flags), sources))


def compile_program(
    compiler: str,
    out: Path,
    own: Sequence[Path],
    options: Sequence[str] = (),
    *,
    linking: Sequence[str] = (),
    codecs: bool = False,
    archiver: Sequence[str | Path] = (),
) -> None:
    """Compile a program with the runtime, except what needs SQLite.

    Args:
        out: the program.
        own: its own C files.
        options: more flags for the compiler and the linker: sanitizers, macros.
        linking: more flags for the linker only.
        codecs: with the decoders, whose libraries must be installed.
        archiver: the words of a program like ``ar``. The linker then takes from the runtime only what something names,
            as it does for bases.

    Raises:
        RuntimeError: it does not compile or link; the compiler's messages.
    """
    flags = [*FLAGS, *options, *(() if codecs else ("-DPYPKG_WITHOUT_CODECS",))]
    objects = compile_objects(compiler, flags, [*own, *runtime_sources("sqlite.c")])
    if archiver:
        library = out.with_name(f"lib{out.name}.a")
        _run([*archiver, "rcs", library, *objects[len(own) :]])
        objects = [*objects[: len(own)], library]
    libraries = ["-ldl", "-lpthread", *(CODEC_LIBRARIES if codecs else ())]
    _run([compiler, *options, *linking, "-o", out, *objects, *libraries])


def has_codecs(compiler: str, folder: Path, options: Sequence[str] = ()) -> bool:
    """Return whether the compiler finds the headers and libraries of the decoders.

    Args:
        folder: for the program that is tried.
        options: of the compiler, such as the target.
    """
    probe = folder / "codecs.c"
    probe.write_text("#include <brotli/decode.h>\n#include <zlib.h>\n#include <zstd.h>\nint main(void) { return 0; }\n")
    command: list[str | Path] = [compiler, *options, probe, "-o", folder / "codecs", *CODEC_LIBRARIES]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
