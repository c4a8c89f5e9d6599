"""Variables of Python itself: a base obeys them, a packaged program ignores them all."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from emulation import command, need_processes
from fixture_types import Assemble

pytestmark = pytest.mark.base

PROGRAMS = Path(__file__).parent / "environment"
# Each has an effect in a base, on what the program `reading` prints of it.
VARIABLES = {
    "PYTHONTZPATH": "/time-zones",
    "PYTHONUSERBASE": "/user-base",
    "PYTHONDOCS": "/docs",
    "_PYTHON_HOST_PLATFORM": "other-platform",
    "_PYTHON_PROJECT_BASE": "/project-base",
    "_PYTHON_SYSCONFIGDATA_NAME": "other_sysconfigdata",
}


def _read(words: list[str | Path], env: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, ""), done
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def program(base: Path, assemble: Assemble) -> Path:
    need_processes(base)
    return assemble(base, "reading", more=PROGRAMS)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_base_obeys_and_a_program_does_not(base: Path, program: Path, name: str) -> None:
    script = PROGRAMS / "reading.py"
    variable = {name: VARIABLES[name]}
    assert _read(command(base, script, name), variable) != _read(command(base, script, name), {}), (
        "the variable has an effect"
    )
    assert _read(command(program, name), variable) == _read(command(program, name), {})
    assert _read(command(program, "child", name), variable) == _read(command(program, "child", name), {})


def test_no_code_of_the_caller_describes_the_build(program: Path, tmp_path: Path) -> None:
    """Python 3.13 imports the file that these name: a program that uses zoneinfo would run it."""
    (tmp_path / "evil.py").write_text("build_time_vars = {'TZPATH': '/evil'}\n")
    variables = {"_PYTHON_SYSCONFIGDATA_NAME": "evil", "_PYTHON_SYSCONFIGDATA_PATH": str(tmp_path)}
    assert _read(command(program, "PYTHONTZPATH"), variables) == _read(command(program, "PYTHONTZPATH"), {})


def test_every_reader_in_the_standard_library_asks_first(base: Path) -> None:
    """Read in the base's own sources, so that a reader which a new release adds is found."""
    script = PROGRAMS / "find_readers.py"
    done = subprocess.run(command(base, "-I", script), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["careless"] == []
    assert set(VARIABLES) <= set(found["careful"]), "the search finds readers"
