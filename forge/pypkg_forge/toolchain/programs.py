"""The programs of a build that the machine must have."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError
from pypkg_forge.toolchain import environment

__all__ = ["check_programs", "write_program_wrappers", "write_script", "write_wrapper"]

# Program -> its Debian package.
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
# SQLite's full tree builds its amalgamation with Tcl; the autoconf archive contains it.
_TCL: Final = {"tclsh": "tcl"}
# OpenSSL's Configure needs them; a minimal Debian has the program only.
_PERL_MODULES: Final = ("FindBin", "File::Compare", "IPC::Cmd", "Getopt::Long", "POSIX")


def check_programs(*, tcl: bool) -> None:
    """Check that the machine has the programs of a build that pip does not install.

    Args:
        tcl: whether a Tcl shell is needed too.

    Raises:
        PypkgError: programs are missing; all are named, with their Debian packages.
    """
    required = _PROGRAMS | _TCL if tcl else _PROGRAMS
    missing = [name for name in required if _find(name) is None]
    if "perl" not in missing and not _whole_perl():
        missing.append("perl")
    if missing:
        packages = " ".join(sorted({required[name] for name in missing}))
        raise PypkgError(
            f"Programs that the build needs are missing: {', '.join(missing)}",
            hint=f"On Debian: apt-get install {packages}",
        )


def write_program_wrappers(folder: Path) -> None:
    """Write into ``folder`` a wrapper for each program that only the caller's PATH leads to.

    So a step can find it without the caller's PATH, which leads to everything else too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PROGRAMS | _TCL:
        found = _find(name)
        if found is None or _in_system(name):
            (folder / name).unlink(missing_ok=True)
            continue
        write_wrapper(folder / name, Path(found))


def write_wrapper(path: Path, program: Path) -> None:
    """Write a script that runs ``program`` with its own arguments; an unchanged one is kept."""
    write_script(path, f'#!/bin/sh\nexec {shlex.quote(str(program))} "$@"\n')


def write_script(path: Path, text: str) -> None:
    """Write a file that only this user can run; an unchanged one keeps its date, by which build tools judge it."""
    if path.is_file() and path.read_text(encoding="utf-8") == text and os.access(path, os.X_OK):
        return
    with atomic_write(path, stat.S_IRWXU) as out:
        out.write(text.encode())


def _in_system(name: str) -> bool:
    return shutil.which(name, path=environment.SYSTEM_PATH) is not None


def _find(name: str) -> str | None:
    return shutil.which(name, path=environment.SYSTEM_PATH) or shutil.which(name, path=os.environ.get("PATH", ""))


def _whole_perl() -> bool:
    command = [_find("perl") or "perl", *(f"-M{module}" for module in _PERL_MODULES), "-e", "1"]
    return subprocess.run(command, capture_output=True, check=False, env={}).returncode == 0
