"""A packaged program with more rights than its caller takes nothing from the caller's environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from acceptance.program import Package, Program
from privileged import RIGHTS, SOMEBODY, installed, run_as_somebody
from targets import DYNAMIC, STATIC

pytestmark = pytest.mark.base

SCRIPT = """
import os, subprocess, sys
if sys.argv[1:] == ["child"]:
    done = subprocess.run([sys.executable, "-c", "print('child')"])
    print("exit", done.returncode)
else:
    print("program", os.getuid(), os.geteuid(), sys.argv[1:])
"""
LOADING = """
import ctypes, pathlib
library = pathlib.Path(__file__).parent / "libanswer.so"
answer = ctypes.CDLL(str(library)).answer()
print(answer, "file" if "libanswer" in pathlib.Path("/proc/self/maps").read_text() else "memory")
"""


@pytest.fixture(scope="module", params=[STATIC, DYNAMIC])
def program(request: pytest.FixtureRequest, package: Package, tmp_path_factory: pytest.TempPathFactory) -> Program:
    script = tmp_path_factory.mktemp("script") / "rights.py"
    script.write_text(SCRIPT)
    return package(script, request.param, "--debug")


def test_the_caller_gets_no_interpreter(program: Program) -> None:
    with installed(program.path) as path:
        plain = run_as_somebody(path, "-c", "x", env={})
        assert (plain.stdout, plain.stderr) == (f"program {SOMEBODY} 0 ['-c', 'x']\n", "")
        refused = run_as_somebody(path, "-c", "print('code')", env={"PYPKG_REENTRY": str(path)})
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "more rights than its caller" in refused.stderr and refused.stderr.count("\n") == 1


@pytest.mark.parametrize("rights", RIGHTS)
def test_every_kind_of_rights(program: Program, rights: str) -> None:
    with installed(program.path, rights) as path:
        refused = run_as_somebody(path, "-c", "print('code')", env={"PYPKG_REENTRY": str(path)})
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "more rights than its caller" in refused.stderr


def test_its_own_children_are_refused_and_not_started_again(program: Program) -> None:
    with installed(program.path) as path:
        done = run_as_somebody(path, "child", env={})
        assert (done.returncode, done.stdout) == (0, "exit 1\n")
        assert "PYPKG_REENTRY" in done.stderr
        # To its owner it is a program like any other.
        assert subprocess.run([path, "child"], capture_output=True, check=True).stdout == b"child\nexit 0\n"


def test_no_commands_and_no_diagnostics(program: Program) -> None:
    with installed(program.path) as path:
        cache = path.with_name("home") / ".cache" / "pypkg" / "file-00000000000000000000000000000000"
        cache.mkdir(parents=True)
        env = {"PYPKG_NATIVE_CACHE": "clear", "DEBUG_PYPKG": "2", "HOME": str(path.with_name("home"))}
        done = run_as_somebody(path, env=env)
        assert (done.stdout, done.stderr) == (f"program {SOMEBODY} 0 []\n", "")
        assert cache.is_dir()
        # To its owner these variables have their meaning.
        owner = subprocess.run([path], env=env, capture_output=True, text=True, check=True)
        assert "Freed" in owner.stdout and not cache.exists()


def test_libraries_come_from_memory(package: Package, tmp_path: Path) -> None:
    script = tmp_path / "loading.py"
    script.write_text(LOADING)
    command: list[str | Path] = [needs.compiler(), "-shared", "-fPIC", "-o", tmp_path / "libanswer.so", "-x", "c", "-"]
    subprocess.run(command, input="int answer(void) { return 42; }\n", text=True, check=True)
    program = package(script, DYNAMIC)
    assert program.output() == "42 file\n"
    with installed(program.path) as path:
        cache = path.with_name("cache")
        cache.mkdir()
        done = run_as_somebody(path, env={"PYPKG_NATIVE_CACHE_PATH": str(cache)})
        assert (done.stdout, done.stderr) == ("42 memory\n", "")
        assert list(cache.iterdir()) == []
