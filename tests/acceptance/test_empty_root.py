"""A static executable needs no other file, on any processor."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import needs
from acceptance.program import Package, Program
from emulation import need_processes, target_of
from fixture_types import Result
from targets import STATICS

pytestmark = [pytest.mark.base, pytest.mark.parametrize("target", STATICS)]

STANDARD_LIBRARY = """
import bz2, ctypes, decimal, hashlib, json, lzma, sqlite3, ssl, sys, tempfile, zlib, zoneinfo
import xml.etree.ElementTree

database = sqlite3.connect(":memory:")
database.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
print(json.dumps({
    "digest": hashlib.sha256(lzma.compress(b"x") and bz2.decompress(bz2.compress(b"x"))).hexdigest()[:8],
    "decimal": str(decimal.Decimal(1) / 3),
    "pointer": ctypes.sizeof(ctypes.c_void_p),
    "tls": bool(ssl.create_default_context().check_hostname),
    "file": __file__,
    "frozen": sys.frozen,
}))
"""

FAILING = """
def divide(number):
    return number / 0

divide(1)
"""


def _chroot_command() -> list[str]:
    chroot = needs.tool("chroot")
    if os.geteuid() == 0:
        return [chroot]
    become_root = [needs.tool("unshare"), "-r"]
    tried = subprocess.run([*become_root, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        needs.privilege("chroot", tried.stderr.strip())
    return [*become_root, chroot]


def _run_in_empty_root(program: Program, root: Path) -> Result:
    # An emulator cannot be started in there: the kernel keeps it open.
    need_processes(program.path)
    root.mkdir()
    shutil.copy2(program.path, root / "program")
    return subprocess.run(
        [*_chroot_command(), root, "/program"], env={}, capture_output=True, text=True, timeout=60, check=False
    )


def test_hello_runs_in_an_empty_root(target: str, package: Package, hello_script: Path, tmp_path: Path) -> None:
    result = _run_in_empty_root(package(hello_script, target), tmp_path / "root")
    assert (result.returncode, result.stdout, result.stderr) == (0, "hello, world\n", "")
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["program"], "it left something behind"


def test_the_standard_library_works_there(target: str, package: Package, tmp_path: Path) -> None:
    script = tmp_path / "tour.py"
    script.write_text(STANDARD_LIBRARY)
    program = package(script, target)
    result = _run_in_empty_root(program, tmp_path / "root")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert '"digest": "2d711642"' in result.stdout
    assert '"decimal": "0.3333333333333333333333333333"' in result.stdout
    # A processor with a limit for executables has 32 bits (targets.toml).
    pointer = 8 if target_of(program.path).processor.largest_executable is None else 4
    assert f'"pointer": {pointer}, "tls": true, "file": "/snapshot/tour/tour.py", "frozen": true' in result.stdout


def test_a_traceback_there_names_files_and_lines(target: str, package: Package, tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    result = _run_in_empty_root(package(script, target), tmp_path / "root")
    assert result.returncode == 1
    assert 'File "/snapshot/failing/failing.py", line 5, in <module>' in result.stderr
    assert 'File "/snapshot/failing/failing.py", line 3, in divide' in result.stderr
    assert result.stderr.endswith("ZeroDivisionError: division by zero\n")
