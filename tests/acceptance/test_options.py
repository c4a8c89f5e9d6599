"""Interpreter options built into executables: their effect on the program, and on how its modules are compiled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.program import Package, Program
from fixture_types import Pypkg
from targets import OLDEST, STATIC

pytestmark = pytest.mark.base

# `textwrap` is compiled into the image; a frozen module would keep its docstrings in `python -OO` too.
SCRIPT = '''
"""The program's own."""
import json, sys, textwrap, warnings
try:
    assert sys.argv[1:] == ["--options"]
    checked = False
except AssertionError:
    checked = True
print(json.dumps({
    "optimize": sys.flags.optimize, "dev": sys.flags.dev_mode, "utf8": sys.flags.utf8_mode,
    "unbuffered": sys.stdout.write_through, "warnings": sys.warnoptions, "x": sys._xoptions, "checked": checked,
    "documented": [__doc__ is not None, textwrap.dedent.__doc__ is not None], "arguments": sys.argv[1:],
}))
'''


def _seen(program: Program) -> dict[str, object]:
    return dict(json.loads(program.output("-O", env={"PYTHONOPTIMIZE": "2", "PYTHONUTF8": "0"})))


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("options") / "app.py"
    path.write_text(SCRIPT)
    return path


@pytest.mark.parametrize("target", [STATIC, OLDEST])
def test_options_reach_the_program(target: str, script: Path, package: Package) -> None:
    plain = _seen(package(script, target))
    plain["utf8"] = 0  # without a locale, glibc does not use UTF-8, and Python then enables this mode itself
    assert plain == {
        "optimize": 0,
        "dev": False,
        "utf8": 0,
        "unbuffered": False,
        "warnings": [],
        "x": {},
        "checked": True,
        "documented": [True, True],
        "arguments": ["-O"],
    }
    changed = _seen(package(script, target, "--options", "u,O,X=utf8,X=mine=3,W=error::ImportWarning"))
    assert changed == plain | {
        "optimize": 1,
        "utf8": 1,
        "unbuffered": True,
        "warnings": ["error::ImportWarning"],
        "x": {"utf8": True, "mine": "3"},
        "checked": False,
    }


@pytest.mark.parametrize("target", [STATIC, OLDEST])
def test_options_of_the_configuration(target: str, script: Path, package: Package, tmp_path: Path) -> None:
    config = tmp_path / "pypkg.toml"
    config.write_text('options = ["-OO", "-X", "dev"]\n')
    seen = _seen(package(script, target, "-c", config))
    assert (seen["optimize"], seen["dev"], seen["checked"], seen["documented"]) == (2, True, False, [False, False])
    over = _seen(package(script, target, "-c", config, "--options", "X=frozen_modules=off"))
    assert (over["optimize"], over["dev"], over["x"]) == (0, False, {"frozen_modules": "off"})


def test_the_same_options_give_the_same_bytes(script: Path, package: Package, pypkg: Pypkg, tmp_path: Path) -> None:
    first = package(script, STATIC, "--options", "O,u")
    second = package(script, STATIC, "--options=-u -O")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_what_makes_no_sense_is_refused(script: Path, pypkg: Pypkg, tmp_path: Path) -> None:
    result = pypkg("-t", STATIC, "-o", tmp_path / "app", "--options", "u,E", script)
    assert result.returncode == 2
    assert "Cannot build in the option 'E': a packaged program always runs this way" in result.stderr
    assert not (tmp_path / "app").exists()
