"""The string functions of Linux bases against simple definitions (programs/libc_string.c)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import needs
from runtime_build import RUNTIME

from ..conftest import PROGRAMS

SOURCE = RUNTIME / "os" / "linux" / "libc_string.c"


@pytest.mark.forge
@pytest.mark.parametrize("libc", ["musl", "gnu.2.17"])
def test_string_functions(tmp_path: Path, libc: str) -> None:
    needs.host("linux", "x86_64")
    needs.module("ziglang")
    program = tmp_path / "program"
    # -fno-builtin: the checks must call the functions, not the compiler's builtins.
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", f"x86_64-linux-{libc}", "-O2", "-fno-builtin"]
    subprocess.run([*compiler, PROGRAMS / "libc_string.c", SOURCE, "-o", program], check=True)
    result = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "ok\n")
