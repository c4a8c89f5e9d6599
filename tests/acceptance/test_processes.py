"""A project that distributes its work over processes, packaged unchanged by its ``[project.scripts]``."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from acceptance.program import Package, Program
from emulation import need_processes
from targets import PARAMETERS

pytestmark = pytest.mark.base

FILES = {
    "pyproject.toml": """
        [project]
        name = "crunch"
        version = "1.0"
        scripts = {crunch = "crunch.cli:main"}

        [tool.pypkg]
        options = ["-O", "-W", "error"]
        """,
    "src/crunch/__init__.py": "",
    "src/crunch/work.py": '''
        """The work, and what runs it alone."""

        import os
        import sys


        def square(number):
            return number * number, os.getppid(), sys.flags.optimize, sys.warnoptions


        if __name__ == "__main__":
            print(square(int(sys.argv[1]))[0])
        ''',
    "src/crunch/cli.py": '''
        """The command."""

        import multiprocessing
        import os
        import subprocess
        import sys
        from concurrent.futures import ProcessPoolExecutor

        from crunch.work import square


        def main():
            method, *numbers = sys.argv[1:]
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
                results = list(pool.map(square, map(int, numbers)))
            print([result[0] for result in results], {result[2:] == (1, ["error"]) for result in results})
            print(method == "forkserver" or {result[1] for result in results} == {os.getpid()})
            sys.stdout.flush()
            subprocess.run([sys.executable, "-m", "crunch.work", numbers[0]], check=True)
            return len(numbers)
        ''',
}


@pytest.fixture(scope="module", params=PARAMETERS)
def crunch(request: pytest.FixtureRequest, package: Package, tmp_path_factory: pytest.TempPathFactory) -> Program:
    project = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip())
    program = package(project, request.param, name="crunch")
    need_processes(program.path)
    return program


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_a_pool_and_a_module(crunch: Program, method: str) -> None:
    result = crunch.run(method, "2", "3", "4")
    assert (result.stdout, result.stderr) == ("[4, 9, 16] {True}\nTrue\n4\n", "")
    assert result.returncode == 3


def test_the_users_options_are_the_programs(crunch: Program) -> None:
    assert "cannot find context for '-c'" in crunch.run("-c", "print(1)").stderr


PASSING_ON = """
import subprocess, sys
if sys.argv[1:2] == ["start"]:
    sys.exit(subprocess.run([sys.executable, *sys.argv[2:]]).returncode)
print("program", sys.argv[1:], flush=True)
"""


@pytest.mark.parametrize("target", PARAMETERS)
def test_a_program_without_an_interpreter(target: str, tmp_path: Path, package: Package) -> None:
    """``interpreter = false`` reaches the executable; without it two arguments of the user are code."""
    for interpreter, expected in (("true", "1\n"), ("false", "program ['-c', 'print(1)']\n")):
        project = tmp_path / interpreter
        project.mkdir()
        (project / "pyproject.toml").write_text(f'[project]\nname = "x"\n[tool.pypkg]\ninterpreter = {interpreter}\n')
        (project / "__main__.py").write_text(PASSING_ON)
        program = package(project, target)
        need_processes(program.path)
        assert program.output("start", "-c", "print(1)") == expected
        assert program.output("start", "-cprint(1)") == "program ['-cprint(1)']\n"
