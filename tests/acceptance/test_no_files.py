"""A packaged program starts from the mapping of its executable and opens no file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import needs
from acceptance.program import Program

pytestmark = pytest.mark.base

# Files that a libc opens for every program that uses a time zone or a locale, and that a dynamic loader always opens.
LIBC_FILES = re.compile(
    r"/etc/localtime|/etc/ld\.so\.(cache|preload)|/usr/(lib|share)/locale/.*|/usr/lib.*/gconv/gconv-modules.*"
    r"|/(usr/)?lib(64)?/.*(ld-linux[^/]*|lib(c|m|dl|pthread|rt|util))\.so\.\d+"
)


def _opened(program: Program, trace: Path) -> list[str]:
    """Return the paths that it opened, by any call, in any thread or child."""
    calls = "open,openat,openat2,creat,memfd_create,execve"
    result = subprocess.run(
        [needs.tool("strace"), "-f", "-qq", "-e", f"trace={calls}", "-o", trace, program.path],
        capture_output=True,
        text=True,
        env=program.environment(),
        check=False,
    )
    if "ptrace" in result.stderr.lower() or "PTRACE" in result.stderr:
        needs.privilege("strace", result.stderr.strip())
    assert (result.returncode, result.stdout) == (0, "hello, world\n"), result
    lines = trace.read_text().splitlines()
    assert sum("execve(" in line for line in lines) == 1, lines
    return [re.findall(r'"([^"]*)"', line)[0] for line in lines if "execve(" not in line and '"' in line]


def test_a_static_program_opens_nothing(static_hello: Program, tmp_path: Path) -> None:
    opened = set(_opened(static_hello, tmp_path / "trace")) - {str(static_hello.path), "/proc/self/exe"}
    assert opened <= {"/etc/localtime"}


def test_a_dynamic_program_opens_only_libc(dynamic_hello: Program, tmp_path: Path) -> None:
    opened = set(_opened(dynamic_hello, tmp_path / "trace")) - {str(dynamic_hello.path), "/proc/self/exe"}
    assert opened, "the trace works: the dynamic loader opens libc"
    assert {path for path in opened if not LIBC_FILES.fullmatch(path)} == set()
