"""A project's own native code: its libraries see the snapshot, and its programs can be started from there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import needs
from acceptance.program import Package, Program
from targets import DYNAMIC, STATIC

pytestmark = pytest.mark.base

SOURCES = Path(__file__).parent / "native"


@pytest.fixture(scope="session")
def native_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its C sources compiled."""
    compiler = needs.compiler()
    folder = tmp_path_factory.mktemp("native")
    native = folder / "native"
    for name in ("bin", "lib", "data"):
        (native / name).mkdir(parents=True)
    (native / "data" / "a.txt").write_text("packaged\n")
    (native / "bin" / "script").write_text('#!/bin/sh\necho script "$@"\n')
    (native / "bin" / "script").chmod(0o755)
    for name in ("probe", "greet"):
        library = native / "lib" / f"lib{name}.so"
        options = [f"-Wl,-soname,{library.name}", "-ldl"]
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCES / f"{name}.c", *options], check=True
        )
    # Like a system library, whose file name has a version that its link name lacks.
    (native / "lib" / "libgreet.so").rename(native / "lib" / "libgreet.so.1.2")
    (native / "lib" / "libgreet.so").symlink_to("libgreet.so.1.2")
    links: list[str | Path] = [native / "lib" / "libgreet.so", "-Wl,-rpath,$ORIGIN/../lib"]
    subprocess.run([compiler, "-o", native / "bin" / "tool", SOURCES / "tool.c", *links], check=True)
    return Path(shutil.copy(SOURCES / "app.py", folder / "app.py"))


@pytest.fixture(scope="session")
def dynamic_app(package: Package, native_app: Path) -> Program:
    return package(native_app, DYNAMIC)


def test_from_source(native_app: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, native_app, "look", "run", "run_from_c"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("part", ["look", "run", "run_from_c"])
def test_packaged(dynamic_app: Program, part: str) -> None:
    assert dynamic_app.output(part) == f"{part}\n"


def test_libraries_from_memory(dynamic_app: Program, tmp_path: Path) -> None:
    refused = tmp_path / "refused"
    refused.mkdir()
    refused.chmod(0o777)
    assert dynamic_app.output("look", env={"XDG_CACHE_HOME": str(refused)}) == "look\n"
    assert list(refused.iterdir()) == []
    result = dynamic_app.run("look", env={"PYPKG_NATIVE_CACHE_PATH": str(refused)})
    assert result.returncode == 1
    assert str(refused) in result.stderr and "no other user may write" in result.stderr


def test_script_of_a_static_executable(package: Package, tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho started\n")
    tool.chmod(0o755)
    script = tmp_path / "starts.py"
    script.write_text(
        "import pathlib, subprocess\nsubprocess.run([pathlib.Path(__file__).parent / 'tool'], check=True)\n"
    )
    program = package(script, STATIC)
    assert program.output() == "started\n"
    assert program.output(env={"HOME": ""}) == "started\n", "from memory"
