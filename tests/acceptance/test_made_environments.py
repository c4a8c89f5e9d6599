"""Scripts that declare their dependencies (PEP 723), programs from an index, and locks: as a user packages them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.program import Program
from fixture_types import BaseOf, Pypkg, Result
from pypkg_core.targets.parse import parse_target
from targets import DYNAMIC, STATIC
from unit.http_server import HttpServer, serving
from unit.wheel_index import WheelIndex

pytestmark = pytest.mark.base

SERIES = parse_target(STATIC).series
OTHER = next(series for series in ("3.11", "3.12") if series != SERIES)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


@pytest.fixture
def index() -> WheelIndex:
    return WheelIndex()


@pytest.fixture
def run(pypkg: Pypkg, base_of: BaseOf, server: HttpServer, tmp_path: Path) -> Run:
    base_of(STATIC)
    return Run(pypkg, server, tmp_path)


class Run:
    """Runs pypkg in a directory that holds traps, with an index of the test's."""

    def __init__(self, pypkg: Pypkg, server: HttpServer, folder: Path) -> None:
        self.folder = folder
        self._pypkg, self._server = pypkg, server
        for name in ("pip.py", "venv.py", "uv.py"):
            (folder / name).write_text("raise SystemExit('a file of the project was run')\n")

    def __call__(self, *arguments: object, target: str = STATIC) -> Result:
        # The environments of another index are others, so the cache of the tests serves.
        environment = {"PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": "", "UV_NO_CONFIG": "1"}
        url = f"{self._server.url}/simple/"
        return self._pypkg("-t", target, "-i", url, *arguments, env=environment, cwd=self.folder)

    def program(self, name: str) -> Program:
        return Program(path=self.folder / name, home=self.folder)


def script(folder: Path, dependencies: str, python: str, code: str) -> None:
    lines = ["# /// script", f'# requires-python = "{python}"', f"# dependencies = {dependencies}", "# ///", code]
    (folder / "app.py").write_text("\n".join(lines) + "\n")


def test_a_script_that_declares_its_dependencies(run: Run, index: WheelIndex, server: HttpServer) -> None:
    index.add(
        "greeting", "1.0", "py3-none-any", {"greeting.py": "import words\nWORD = words.WORD\n"}, requires=["words"]
    )
    index.add("words", "2.0", "py3-none-any", {"words.py": "WORD = 'hello'\n"})
    index.serve(server)
    script(run.folder, '["greeting<2"]', f">={SERIES}", "import greeting\nprint(greeting.WORD)")
    result = run("app.py")
    assert result.returncode == 0, result
    assert run.program("app").output() == "hello\n"
    first = (run.folder / "app").read_bytes()
    # Its environment is kept: nothing is asked, nothing installed.
    server.files = {}
    server.asked.clear()
    result = run("app.py")
    assert result.returncode == 0, result
    assert not server.asked
    assert "Installing" not in result.stderr
    assert (run.folder / "app").read_bytes() == first


def test_a_script_for_other_pythons_is_refused(run: Run) -> None:
    script(run.folder, "[]", f"=={OTHER}.*", "print('never')")
    result = run("app.py")
    assert result.returncode == 2
    assert f"Cannot package app.py for Python {SERIES}: requires-python is '=={OTHER}.*'" in result.stderr
    assert not (run.folder / "app").exists()


def test_a_dependency_that_does_not_exist(run: Run, index: WheelIndex, server: HttpServer) -> None:
    index.serve(server)
    script(run.folder, '["no-such-thing"]', ">=3.11", "print('never')")
    result = run("app.py")
    assert result.returncode == 1
    assert f"Cannot install no-such-thing for Python {SERIES}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_program_from_the_index(run: Run, index: WheelIndex, server: HttpServer) -> None:
    scripts = "[console_scripts]\nmore = tool:more\ntool = tool:main\n"
    body = "def main():\n    print('main')\ndef more():\n    print('more')\n"
    index.add("tool", "1.0", "py3-none-any", {"tool.py": body}, entry_points=scripts)
    index.add("tool", "2.0", "py3-none-any", {"tool.py": body.replace("'m", "'new m")}, entry_points=scripts)
    index.serve(server)
    result = run("--from-index", "tool==1.0")
    assert result.returncode == 0, result
    assert run.program("tool").output() == "main\n"
    result = run("--from-index", "tool", "--entry", "more")
    assert result.returncode == 0, result
    assert run.program("more").output() == "new more\n"
    result = run("--from-index", "tool", "--entry", "less")
    assert (result.returncode, "Its console scripts: more, tool" in result.stderr) == (2, True)


@pytest.mark.parametrize("requirement", ["--help", "-e .", "a b", ""])
def test_what_is_no_requirement_is_refused(run: Run, requirement: str) -> None:
    result = run(f"--from-index={requirement}")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment with version 1.0 of a distribution."""
    folder = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "dep.py").write_text("WORD = 'installed'\n")
    info = site / "dep-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dep\nVersion: 1.0\n")
    (info / "RECORD").write_text("dep.py,,\ndep-1.0.dist-info/METADATA,,\n")
    return folder


def test_a_lock_is_obeyed(run: Run, index: WheelIndex, server: HttpServer, environment: Path) -> None:
    file = index.add("dep", "1.1", "py3-none-any", {"dep.py": "WORD = 'locked'\n"})
    index.add("dep", "1.2", "py3-none-any", {"dep.py": "WORD = 'newest'\n"})
    index.serve(server)
    (run.folder / "app.py").write_text("import dep\nprint(dep.WORD)\n")
    lock = run.folder / "requirements.txt"
    lock.write_text(f"dep==1.1 --hash=sha256:{index.sha256(file)}\n")
    arguments = ["--python", environment, "app.py"]
    result = run(*arguments)
    assert result.returncode == 0, result
    assert run.program("app").output() == "installed\n"
    result = run("-r", lock, *arguments)
    assert result.returncode == 0, result
    assert result.stderr.count("The environment differs from") == 1
    assert "dep 1.0 (locked: 1.1)" in result.stderr
    assert run.program("app").output() == "locked\n"
    result = run("-r", lock, "--locked", *arguments)
    assert result.returncode == 1
    assert "--locked allows no difference" in result.stderr


def test_a_lock_with_another_hash_is_an_error(
    run: Run, index: WheelIndex, server: HttpServer, environment: Path
) -> None:
    index.add("dep", "1.1", "py3-none-any", {"dep.py": "WORD = 'of somebody else'\n"})
    index.serve(server)
    (run.folder / "app.py").write_text("import dep\nprint(dep.WORD)\n")
    (run.folder / "requirements.txt").write_text(f"dep==1.1 --hash=sha256:{'0' * 64}\n")
    result = run("-r", "requirements.txt", "--python", environment, "app.py")
    assert result.returncode == 1
    assert f"sha256 wanted: {'0' * 64}" in result.stderr
    assert not (run.folder / "app").exists()


def test_a_dynamic_target_gets_an_environment_too(
    run: Run, base_of: BaseOf, index: WheelIndex, server: HttpServer
) -> None:
    base_of(DYNAMIC)
    target = parse_target(DYNAMIC)
    tag = f"cp{target.version}-cp{target.version}-{target.wheel_tags[0].name}"
    index.add("native", "1.0", tag, {"native.py": "WORD = 'of this platform'\n"})
    index.serve(server)
    script(run.folder, '["native"]', ">=3.11", "import native\nprint(native.WORD)")
    result = run("app.py", target=DYNAMIC)
    assert result.returncode == 0, result
    assert run.program("app").output() == "of this platform\n"
