"""Compiling C for other systems, whose headers zig brings along."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import needs
from pypkg_forge.toolchain.programs import write_script

__all__ = ["compile_for", "find_zig", "zig_compiler"]

_SCRIPT: Final = Path(__file__).parents[1] / "build" / "zig-cc"


def find_zig() -> Path:
    """Return the path of the compiler; skip the test where there is none."""
    needs.module("ziglang")
    spec = importlib.util.find_spec("ziglang")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "zig"


def zig_compiler() -> Path:
    """Return a program that compiles C as other compilers do; skip the test where there is no zig."""
    zig = find_zig()
    _SCRIPT.parent.mkdir(exist_ok=True)
    write_script(_SCRIPT, f'#!/bin/sh\nexec {shlex.quote(str(zig))} cc "$@"\n')
    return _SCRIPT


def compile_for(triple: str, flags: Sequence[str], sources: Iterable[Path], folder: Path) -> str:
    """Compile C files for another system, several at a time; skip the test where there is no zig.

    Args:
        triple: zig's name of the system: "x86_64-freebsd".
        folder: where the objects go.

    Returns:
        What the compiler says of all files; nothing if they compile without a warning.
    """
    zig = find_zig()

    def run(numbered: tuple[int, Path]) -> str:
        number, source = numbered
        command: list[str | Path] = [
            zig,
            "cc",
            "-target",
            triple,
            *flags,
            "-c",
            source,
            "-o",
            folder / f"{number}-{source.stem}.o",
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.stdout + done.stderr or ("" if done.returncode == 0 else f"{source}: exit code {done.returncode}")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return "".join(pool.map(run, enumerate(sources)))
