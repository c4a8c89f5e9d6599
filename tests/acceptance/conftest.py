"""The command ``pypkg`` and the programs it makes, as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from acceptance.program import Package, Program
from fixture_types import BaseOf, Pypkg, Result
from targets import DYNAMIC, STATIC

PACKAGING_SECONDS = 600
HELLO = 'print("hello, world")\n'


@pytest.fixture(scope="session")
def pypkg() -> Pypkg:
    """Run the installed ``pypkg`` command."""
    command = Path(sys.executable).parent / "pypkg"
    assert command.exists(), "pypkg is not installed beside this interpreter: pip install -e '.[forge,test]'"

    def run(
        *arguments: object,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        umask: int = -1,
    ) -> Result:
        inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        return subprocess.run(
            [*prefix, command, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**inherited, **(env or {})},
            timeout=PACKAGING_SECONDS,
            check=False,
            cwd=cwd,
            umask=umask,
        )

    return run


@pytest.fixture(scope="session")
def package(pypkg: Pypkg, base_of: BaseOf, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Package an input for one target and return the program; a failure fails the test."""

    def make(source: Path, target: str, *options: object, name: str | None = None) -> Program:
        base_of(target)
        folder = tmp_path_factory.mktemp("packaged")
        output = folder / (name or source.stem)
        result = pypkg("-t", target, "-o", output, *options, source)
        assert result.returncode == 0, result
        return Program(path=output, home=folder)

    return make


@pytest.fixture(scope="session")
def hello_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script of one line."""
    script = tmp_path_factory.mktemp("hello") / "hello.py"
    script.write_text(HELLO)
    return script


@pytest.fixture(scope="session")
def static_hello(package: Package, hello_script: Path) -> Program:
    """That script packaged for the newest static target."""
    return package(hello_script, STATIC)


@pytest.fixture(scope="session")
def dynamic_hello(package: Package, hello_script: Path) -> Program:
    """That script packaged for the newest dynamic target."""
    return package(hello_script, DYNAMIC)
