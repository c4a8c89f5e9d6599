"""``--public`` and ``--public-packages``: source text is in the executable only on request."""

from __future__ import annotations

import json
import venv
from pathlib import Path

import pytest

from acceptance.program import Package
from fixture_types import Pypkg
from targets import STATIC

pytestmark = pytest.mark.base

PROGRAM = """\
import inspect, json, linecache, traceback
import helper, other

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
    "line": linecache.getline(helper.__file__, 2),
    "shown": "raise ValueError" in shown,
    "number": "line 2, in fail" in shown,
}))
"""
HELPER = "def fail():\n    raise ValueError('here')\n"
OTHER = "VALUE = 1\n"
WITHHELD = "could not get source code"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script, a module of its project, and an installed distribution."""
    folder = tmp_path_factory.mktemp("public")
    (folder / "app.py").write_text(PROGRAM)
    (folder / "helper.py").write_text(HELPER)
    venv.create(folder / ".venv", with_pip=False)
    (site,) = (folder / ".venv" / "lib").glob("python3*/site-packages")
    (site / "other.py").write_text(OTHER)
    metadata = site / "other-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (metadata / "RECORD").write_text("other.py,,\nother-1.0.dist-info/METADATA,,\nother-1.0.dist-info/RECORD,,\n")
    return folder / "app.py"


def _seen(package: Package, script: Path, *options: str) -> dict[str, object]:
    output = package(script, STATIC, "--python", script.parent / ".venv", *options).output()
    result: dict[str, object] = json.loads(output)
    return result


def test_no_source_by_default(package: Package, script: Path) -> None:
    seen = _seen(package, script)
    assert (seen["helper"], seen["function"], seen["line"]) == (WITHHELD, WITHHELD, "")
    assert (seen["shown"], seen["number"]) == (False, True)


def test_public_project(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public")
    assert (seen["helper"], seen["function"]) == (HELPER, HELPER)
    assert (seen["shown"], seen["number"], seen["json"]) == (True, True, WITHHELD[:7])


def test_all_packages_public(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public-packages", "*")
    assert (seen["helper"], seen["other"], seen["json"]) == (WITHHELD, OTHER, 'r"""JSO')


def test_one_package_public(package: Package, script: Path) -> None:
    seen = _seen(package, script, "--public-packages", "Other")
    assert (seen["helper"], seen["other"], seen["json"]) == (WITHHELD, OTHER, WITHHELD[:7])


def test_unknown_public_package_is_told(pypkg: Pypkg, script: Path, tmp_path: Path) -> None:
    done = pypkg("-t", STATIC, "-o", tmp_path / "app", "--public-packages", "nothing", script)
    assert "public-packages names nothing, which is not packaged" in done.stderr
