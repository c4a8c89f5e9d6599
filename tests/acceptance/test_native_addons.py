"""Native addons load from the native cache; targets that cannot load them refuse them by name."""

from __future__ import annotations

import os
import re
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acceptance.environments import make_environment
from acceptance.program import Package, Program
from fixture_types import BaseOf, Pypkg
from targets import DYNAMIC, OLDEST, STATIC

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

TOUR = Path(__file__).parent / "addons" / "tour.py"
PARTS = re.findall(r"^def (\w+_\w+)\(\)", TOUR.read_text(encoding="utf-8"), re.MULTILINE)
TOURED = (
    "numpy==2.2.6",
    "pandas==2.2.3",
    "pillow==11.1.0",
    "cryptography==44.0.2",
    "lxml==5.3.1",
    "psutil==7.0.0",
    "pydantic==2.11.7",
    "orjson==3.10.16",
    "uvloop==0.21.0",
    "grpcio==1.71.0",
)

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
    return package(numbers_script, OLDEST, "--python", numbers_python)


@pytest.fixture(scope="session", params=[DYNAMIC, OLDEST])
def tour(request: pytest.FixtureRequest, package: Package) -> Program:
    return package(TOUR, request.param, "--python", make_environment(*TOURED))


@pytest.mark.parametrize("part", PARTS)
def test_packages_with_native_code_do_their_work(tour: Program, part: str) -> None:
    assert tour.output(part) == f"{part}\n"


def test_they_work_without_a_cache(tour: Program) -> None:
    parts = [part for part in PARTS if part != "uvloop_starts_processes"]
    shutil.rmtree(tour.home / ".cache", ignore_errors=True)
    assert tour.output(*parts, env={"HOME": ""}) == "".join(f"{part}\n" for part in parts)
    assert not (tour.home / ".cache").exists()


def test_many_first_starts_at_once(numbers: Program, tmp_path: Path) -> None:
    env = {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: numbers.output(env=env), range(16))) == {NUMBERS_OUTPUT}
    assert [path for path in (tmp_path / "pypkg").iterdir() if path.name.startswith(".")] == []


def test_the_cache_is_listed_and_cleared(numbers: Program, tmp_path: Path) -> None:
    env = {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)}
    assert "Total: 0 entries" in numbers.output(env={**env, "PYPKG_NATIVE_CACHE": "list"})
    assert numbers.output(env=env) == NUMBERS_OUTPUT
    (tmp_path / "pypkg" / "somebody's").mkdir()
    (tmp_path / "pypkg" / ("0" * 64)).symlink_to(tmp_path)
    listed = numbers.output(env={**env, "PYPKG_NATIVE_CACHE": "list"})
    assert str(tmp_path / "pypkg") in listed
    assert re.search(r"numpy \(of this program\): \d+ files, \d+\.\d MB", listed), listed
    assert "pydantic-core" in listed
    assert "Freed: " in numbers.output(env={**env, "PYPKG_NATIVE_CACHE": "clear"})
    assert [path.name for path in (tmp_path / "pypkg").iterdir()] == ["somebody's"]
    assert tmp_path.is_dir(), "a link is removed and not followed"
    wrong = numbers.run(env={**env, "PYPKG_NATIVE_CACHE": "drop"})
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.count("\n") == 1 and "'list' or 'clear'" in wrong.stderr


def _state(cache: Path) -> dict[str, tuple[int, int, int]]:
    files = [path for path in cache.rglob("*") if path.is_file() and path.name != ".checked"]
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
    assert folders, "without PYPKG_NATIVE_CACHE_PATH the platform's cache directory is used"
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
    base_of(STATIC)
    output = tmp_path / "numbers"
    result = pypkg("-t", STATIC, "--python", numbers_python, "-o", output, numbers_script)
    assert result.returncode == 1, result
    assert "numpy" in result.stderr
    assert "numpy._core._multiarray_umath" in result.stderr, "the addon is named"
    assert STATIC in result.stderr
    assert "Hint:" in result.stderr
    assert "py313-linux-x64" in result.stderr or "linux" in result.stderr.split("Hint:")[1]
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is half-written"


def test_a_static_target_leaves_out_optional_speedups(package: Package, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(PAGE)
    page = package(script, STATIC, "--python", make_environment("flask==3.1.1"))
    assert page.output() == "<p>&lt;b&gt;</p>\n"
