"""Point 4: native addons load from the user's cache where a target can load them, and are refused by name where not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from acceptance.environments import make_environment
from acceptance.program import BaseOf, Package, Program, Pypkg
from acceptance.targets import DYNAMIC_311, STATIC_313

pytestmark = [pytest.mark.base, pytest.mark.index]

NUMBERS = """
import numpy
import pydantic

class Point(pydantic.BaseModel):
    x: int
    y: float = 0.5

print(numpy.linalg.solve(numpy.array([[3.0, 1.0], [1.0, 2.0]]), numpy.array([9.0, 8.0])).tolist())
print(Point.model_validate_json('{"x": "7"}'))
try:
    Point(x="seven")
except pydantic.ValidationError as error:
    print(error.errors()[0]["type"])
"""
NUMBERS_OUTPUT = "[2.0, 3.0]\nx=7 y=0.5\nint_parsing\n"

PAGE = """
import flask

app = flask.Flask(__name__)

@app.get("/<name>")
def hello(name):
    return flask.render_template_string("<p>{{ name }}</p>", name=name)

print(app.test_client().get("/<b>").text)
"""


@pytest.fixture(scope="session")
def numbers_python() -> Path:
    return make_environment("numpy==2.2.6", "pydantic==2.11.7")


@pytest.fixture(scope="session")
def numbers_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = tmp_path_factory.mktemp("numbers") / "numbers_tour.py"
    script.write_text(NUMBERS)
    return script


@pytest.fixture(scope="session")
def numbers(package: Package, numbers_python: Path, numbers_script: Path) -> Program:
    return package(numbers_script, DYNAMIC_311, "--python", numbers_python)


def _state(cache: Path) -> dict[str, tuple[int, int, int]]:
    files = [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {
        str(path.relative_to(cache)): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_size)
        for path in files
    }


def test_addons_are_written_once_and_used_again(numbers: Program, tmp_path: Path) -> None:
    env = {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "addons")}
    assert numbers.output(env=env) == NUMBERS_OUTPUT
    first = _state(tmp_path / "addons")
    assert any("numpy.libs" in name for name in first), "a package's own libraries keep their place"
    assert any("pydantic_core" in name for name in first)
    assert numbers.output(env=env) == NUMBERS_OUTPUT
    assert _state(tmp_path / "addons") == first


def test_the_cache_belongs_to_the_user_alone(numbers: Program, tmp_path: Path) -> None:
    home = Program(path=numbers.path, home=tmp_path)
    assert home.output() == NUMBERS_OUTPUT
    folders = [path for path in (tmp_path / ".cache").glob("pypkg/*") if path.is_dir()]
    assert folders, "without PYPKG_NATIVE_CACHE_PATH the platform's cache folder is used"
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.geteuid()


def test_a_changed_file_in_the_cache_is_not_loaded(numbers: Program, tmp_path: Path) -> None:
    env = {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)}
    assert numbers.output(env=env) == NUMBERS_OUTPUT
    addon = next(path for path in tmp_path.rglob("_pydantic_core*.so"))
    good = addon.read_bytes()
    addon.chmod(0o700)
    addon.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert numbers.output(env=env) == NUMBERS_OUTPUT
    assert next(path for path in tmp_path.rglob("_pydantic_core*.so")).read_bytes() == good


def test_a_static_target_refuses_a_required_addon(
    pypkg: Pypkg, base_of: BaseOf, numbers_python: Path, numbers_script: Path, tmp_path: Path
) -> None:
    base_of(STATIC_313)
    output = tmp_path / "numbers"
    result = pypkg("-t", STATIC_313, "--python", numbers_python, "-o", output, numbers_script)
    assert result.returncode == 1, result
    assert "numpy" in result.stderr
    assert "numpy._core._multiarray_umath" in result.stderr, "the addon is named"
    assert STATIC_313 in result.stderr
    assert "Hint:" in result.stderr
    assert "py313-linux-x64" in result.stderr or "linux" in result.stderr.split("Hint:")[1]
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is half-written"


def test_a_static_target_leaves_out_optional_speedups(package: Package, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(PAGE)
    page = package(script, STATIC_313, "--python", make_environment("flask==3.1.1"))
    assert page.output() == "<p>&lt;b&gt;</p>\n"
