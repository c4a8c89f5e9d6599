"""The project ``native`` with its own libraries and programs, compiled for a machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from machines import HERE, Machine, find_machine
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import runs_here

__all__ = ["SOURCES", "machine_of", "make_native_project"]

SOURCES = Path(__file__).parent / "native"


def machine_of(target: Target) -> Machine:
    """Return the machine that compiles and runs the C programs of a target."""
    return find_machine(HERE if runs_here(target) else f"{target.platform}-{target.arch}")


def make_native_project(folder: Path, machine: Machine) -> Path:
    """Compile its C sources beside a copy of its program, which is returned.

    Args:
        folder: exists, and is empty.
        machine: what it is compiled for.
    """
    native = folder / "native"
    for name in ("bin", "lib", "data"):
        (native / name).mkdir(parents=True)
    (native / "data" / "a.txt").write_text("packaged\n")
    (native / "bin" / "script").write_text('#!/bin/sh\necho script "$@"\n')
    (native / "bin" / "script").chmod(0o755)
    compile_with = [machine.compiler, *machine.options]
    for name in ("probe", "greet"):
        library = native / "lib" / f"lib{name}.so"
        options = ["-shared", "-fPIC", "-O2", f"-Wl,-soname,{library.name}"]
        subprocess.run([*compile_with, *options, "-o", library, SOURCES / f"{name}.c", "-ldl"], check=True)
    # Like a system library, whose file name has a version that its link name lacks.
    (native / "lib" / "libgreet.so").rename(native / "lib" / "libgreet.so.1.2")
    (native / "lib" / "libgreet.so").symlink_to("libgreet.so.1.2")
    links: list[str | Path] = [native / "lib" / "libgreet.so", "-Wl,-rpath,$ORIGIN/../lib"]
    tool = native / "bin" / "tool"
    subprocess.run([*compile_with, *machine.linking, "-o", tool, SOURCES / "tool.c", *links], check=True)
    return Path(shutil.copy(SOURCES / "app.py", folder / "app.py"))
