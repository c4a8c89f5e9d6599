"""Source text: that of what is free is in the executable, the project's own only on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.environments import new_environment, write_distribution
from acceptance.program import Package
from fixture_types import Pypkg
from targets import STATIC

pytestmark = pytest.mark.base

PROGRAM = """\
import inspect, json, linecache, traceback
import free, helper, other

def text_of(module):
    try:
        return inspect.getsource(module)
    except OSError as error:
        return str(error)

try:
    helper.fail()
except ValueError:
    shown = traceback.format_exc()
print(json.dumps({
    "helper": text_of(helper),
    "function": text_of(helper.fail),
    "json": text_of(json)[:7],
    "other": text_of(other),
    "free": text_of(free),
    "line": linecache.getline(helper.__file__, 2),
    "shown": "raise ValueError" in shown,
    "number": "line 2, in fail" in shown,
}))
"""
HELPER = "def fail():\n    raise ValueError('here')\n"
OTHER = "VALUE = 1\n"
FREE = "VALUE = 2\n"
LIBRARY = 'r"""JSO'
WITHHELD = "could not get source code"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script, a module of its project, and an installed distribution."""
    folder = tmp_path_factory.mktemp("public")
    (folder / "app.py").write_text(PROGRAM)
    (folder / "helper.py").write_text(HELPER)
    site = new_environment(folder)
    write_distribution(site, "other", {"other.py": OTHER})
    write_distribution(site, "free", {"free.py": FREE}, metadata="License-Expression: MIT OR LicenseRef-X\n")
    return folder / "app.py"


def _seen(package: Package, script: Path, *options: str) -> dict[str, object]:
    output = package(script, STATIC, "--python", script.parent / ".venv", *options).output()
    result: dict[str, object] = json.loads(output)
    return result


def test_source_of_what_is_free_by_default(package: Package, script: Path) -> None:
    seen = _seen(package, script)
    assert (seen["helper"], seen["function"], seen["line"]) == (WITHHELD, WITHHELD, "")
    assert (seen["shown"], seen["number"]) == (False, True)
    assert (seen["other"], seen["free"], seen["json"]) == (WITHHELD, FREE, LIBRARY)


def test_no_source(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--no-source")
    assert {seen[name] for name in ("helper", "function", "other", "free")} == {WITHHELD}
    assert (seen["json"], seen["number"]) == (WITHHELD[:7], True)


def test_details_say_whose_source_is_inside_and_why(pypkg: Pypkg, script: Path, tmp_path: Path) -> None:
    done = pypkg("-t", STATIC, "-o", tmp_path / "app", "--python", script.parent / ".venv", "--debug", script)
    assert "project: source withheld (not public); standard library: source inside" in done.stderr
    assert "distribution free: licence MIT OR LicenseRef-X; source inside (free licence)" in done.stderr
    assert "distribution other: licence not stated; source withheld (not a free licence)" in done.stderr


def test_public_project(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public")
    assert (seen["helper"], seen["function"]) == (HELPER, HELPER)
    assert (seen["shown"], seen["number"], seen["json"]) == (True, True, LIBRARY)


def test_all_packages_public(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public-packages", "*")
    assert (seen["helper"], seen["other"], seen["json"]) == (WITHHELD, OTHER, LIBRARY)


def test_one_package_public(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public-packages", "Other")
    assert (seen["helper"], seen["other"], seen["json"]) == (WITHHELD, OTHER, LIBRARY)


def test_unknown_public_package_is_told(pypkg: Pypkg, script: Path, tmp_path: Path) -> None:
    done = pypkg("-t", STATIC, "-o", tmp_path / "app", "--public-packages", "nothing", script)
    assert "public-packages names nothing, which is not packaged" in done.stderr
