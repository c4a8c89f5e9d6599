"""A project's own native code: its libraries see the snapshot, and its programs can be started from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import needs
from acceptance.native_project import SOURCES, machine_of, make_native_project
from acceptance.program import Package, Program
from emulation import need_processes
from machines import HERE, find_machine
from pypkg_core.targets.parse import parse_target
from targets import ADDONS, DYNAMIC, STATIC

pytestmark = pytest.mark.base


@pytest.fixture(scope="session")
def native_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its C sources compiled for this machine."""
    return make_native_project(tmp_path_factory.mktemp("native"), find_machine(HERE))


@pytest.fixture(scope="session")
def dynamic_app(package: Package, native_app: Path) -> Program:
    return package(native_app, DYNAMIC)


def test_from_source(native_app: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, native_app, "look", "run", "run_script", "run_from_c"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="session", params=ADDONS)
def app(request: pytest.FixtureRequest, package: Package, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The project, compiled and packaged for each machine that loads addons."""
    machine = machine_of(parse_target(request.param))
    return package(make_native_project(tmp_path_factory.mktemp("native"), machine), request.param)


@pytest.mark.parametrize("part", ["look", "run", "run_script", "run_from_c"])
def test_packaged(app: Program, part: str) -> None:
    if part != "look":
        need_processes(app.path)
    assert app.output(part) == f"{part}\n"


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


@pytest.fixture(scope="session")
def two_distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment in which the library of one distribution needs that of another, at a place beside its own."""
    compiler = needs.compiler()
    environment = tmp_path_factory.mktemp("two") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = next(environment.glob("lib/python*/site-packages"))
    for name in ("greeting.libs", "speaking"):
        (site / name).mkdir()
    greet, speak = site / "greeting.libs" / "libgreet.so", site / "speaking" / "libspeak.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", greet, SOURCES / "greet.c", "-Wl,-soname,libgreet.so"], check=True
    )
    # Nothing of its own: what it is asked for is found in the library that it needs.
    links: list[str | Path] = ["-Wl,--no-as-needed", greet, "-Wl,-rpath,$ORIGIN/../greeting.libs"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", speak, "-x", "c", "/dev/null", "-x", "none", *links], check=True
    )
    (site / "greeting.py").write_text("")
    (site / "speaking" / "__init__.py").write_text(
        "import ctypes, pathlib\nLIBRARY = ctypes.CDLL(pathlib.Path(__file__).with_name('libspeak.so'))\n"
    )
    parts: dict[str, list[str | Path]] = {
        "greeting": ["greeting.py", greet],
        "speaking": ["speaking/__init__.py", speak],
    }
    for name, files in parts.items():
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        requires = "Requires-Dist: greeting\n" if name == "speaking" else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}")
        rows = [path if isinstance(path, str) else path.relative_to(site).as_posix() for path in files]
        (info / "RECORD").write_text("".join(f"{row},,\n" for row in [*rows, f"{info.name}/METADATA"]))
    return environment


def test_libraries_of_two_distributions_find_each_other(
    package: Package, two_distributions: Path, tmp_path: Path
) -> None:
    script = tmp_path / "speaks.py"
    script.write_text(
        "import ctypes, greeting, speaking\ngreet = speaking.LIBRARY.greet\n"
        "greet.restype = ctypes.c_char_p\nprint(greet().decode())\n"
    )
    program = package(script, DYNAMIC, "--python", two_distributions)
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    assert program.output(env={"PYPKG_NATIVE_CACHE_PATH": str(cache)}) == "hello from the library\n"
    found = [path for path in cache.rglob("*.so") if path.name == "libgreet.so"]
    assert [path.parent.name for path in found] == ["greeting.libs"]
    assert program.output(env={"HOME": ""}) == "hello from the library\n", "from memory"
