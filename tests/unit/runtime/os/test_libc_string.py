"""The string functions of Linux bases against simple definitions (programs/libc_string.c)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from machines import find_machine
from runtime_build import RUNTIME

from ..conftest import PROGRAMS

SOURCE = RUNTIME / "os" / "linux" / "libc_string.c"


@pytest.mark.forge
@pytest.mark.parametrize("name", ["linuxstatic-x64", "linux-x64", "linuxstatic-armv7", "linuxstatic-armv6"])
def test_string_functions(tmp_path: Path, name: str) -> None:
    """With vectors, and on 32-bit ARM with words."""
    machine, program = find_machine(name), tmp_path / "program"
    # -fno-builtin: the checks must call the functions, not the compiler's builtins.
    command = [machine.compiler, *machine.options, "-O2", "-fno-builtin"]
    subprocess.run([*command, PROGRAMS / "libc_string.c", SOURCE, "-o", program], check=True)
    result = subprocess.run(machine.command(program), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "ok\n")
