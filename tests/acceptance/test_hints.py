"""Hints in the errors of packaged programs about missing files, missing modules and changes to packaged files."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from acceptance.program import Package, Program
from fixture_types import BaseOf
from targets import OLDEST, STATIC

pytestmark = pytest.mark.base

SCRIPT = """
import importlib, json, os, pathlib, shutil, sys, tempfile
import helper, pack

here = os.path.dirname(__file__)
folder = tempfile.mkdtemp()
os.mkdir(folder + "/mounted")
os.symlink(__file__, folder + "/link")

def ask(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:
        return {
            "type": type(error).__name__, "text": str(error), "args": list(map(str, error.args)),
            "errno": getattr(error, "errno", None), "filename": str(getattr(error, "filename", None)),
            "notes": getattr(error, "__notes__", []),
        }

def mounted(path):
    sys.pypkg.mount(here + "/mounted", folder + "/mounted")
    open(here + "/mounted/" + path)

found = {
    "missing": ask(open, here + "/data/x.json"),
    "missing bytes": ask(os.stat, os.fsencode(here + "/data/x.json")),
    "missing folder": ask(os.listdir, here + "/plugins"),
    "missing pathlib": ask(pathlib.Path(here, "y.txt").read_text),
    "missing odd": ask(os.stat, here + "/\\udcff"),
    "missing in the library": ask(open, os.path.dirname(os.__file__) + "/nothing.txt"),
    "missing elsewhere": ask(open, "/nowhere/x.json"),
    "missing in a mount": ask(mounted, "z.txt"),
    "withheld": ask(open, helper.__file__),
    "changed": ask(open, here + "/log.txt", "w"),
    "removed": ask(os.unlink, helper.__file__),
    "moved": ask(os.rename, helper.__file__, here + "/new"),
    "made": ask(os.mkdir, here + "/folder"),
    "module": ask(importlib.import_module, "nosuch"),
    "submodule": ask(importlib.import_module, "pack.nosuch"),
    "statement": ask(exec, "import nosuch.deep"),
    "library": ask(importlib.import_module, "tkinter"),
}
os.chdir(here)
found["relative"] = ask(open, "data/x.json")
os.chdir("/")
shutil.rmtree(folder)
print(json.dumps(found))
"""
READ_ONLY = "Read-only file system (packaged files cannot be changed: "


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hints") / "app.py"
    path.write_text(SCRIPT)
    (path.parent / "helper.py").write_text("")
    (path.parent / "pack").mkdir()
    (path.parent / "pack" / "__init__.py").write_text("")
    return path


@pytest.fixture(scope="module", params=[STATIC, OLDEST])
def told(request: pytest.FixtureRequest, script: Path, package: Package) -> dict[str, dict[str, Any]]:
    return dict(json.loads(package(script, request.param).output()))


def test_missing_files(told: dict[str, dict[str, Any]]) -> None:
    missing = told["missing"]
    assert missing["type"] == "FileNotFoundError"
    assert missing["text"] == "[Errno 2] No such file or directory: '/snapshot/app/data/x.json'"
    assert (missing["errno"], missing["filename"]) == (errno.ENOENT, "/snapshot/app/data/x.json")
    note = "'data/x.json' is not in this executable. To package it, name it in [tool.pypkg]: assets = [\"data/x.json\"]"
    assert missing["notes"] == told["missing bytes"]["notes"] == [note]
    assert 'assets = ["plugins"]' in told["missing folder"]["notes"][0]
    assert 'assets = ["y.txt"]' in told["missing pathlib"]["notes"][0]
    assert told["missing in the library"]["notes"][0].startswith("'/snapshot/lib/python3.")
    assert told["relative"]["text"] == "[Errno 2] No such file or directory: 'data/x.json'"
    assert told["relative"]["notes"][0].startswith("'data/x.json' is not in this executable")


@pytest.mark.parametrize("case", ["missing odd", "missing elsewhere", "missing in a mount"])
def test_what_gets_no_hint(told: dict[str, dict[str, Any]], case: str) -> None:
    assert (told[case]["type"], told[case]["notes"]) == ("FileNotFoundError", [])


def test_withheld_sources(told: dict[str, dict[str, Any]]) -> None:
    withheld = told["withheld"]
    assert (withheld["type"], withheld["errno"]) == ("PermissionError", errno.EACCES)
    assert withheld["text"] == "[Errno 13] Permission denied: '/snapshot/app/helper.py'"
    assert withheld["notes"] == [
        "Source text is left out of this executable; pypkg --public includes the project's source text, "
        "--public-packages that of its dependencies."
    ]


@pytest.mark.parametrize(
    ("case", "name"), [("changed", "log.txt"), ("removed", "helper.py"), ("moved", "new"), ("made", "folder")]
)
def test_read_only_files(told: dict[str, dict[str, Any]], case: str, name: str) -> None:
    error = told[case]
    assert (error["type"], error["errno"], error["notes"]) == ("OSError", errno.EROFS, [])
    assert error["text"].startswith(f"[Errno 30] {READ_ONLY}") and "sys.pypkg.mount)" in error["text"]
    assert error["text"].endswith(f"'/snapshot/app/{name}'")
    assert error["args"][1].startswith(READ_ONLY)


def test_missing_modules(told: dict[str, dict[str, Any]]) -> None:
    for case, name in {"module": "nosuch", "submodule": "pack.nosuch", "statement": "nosuch"}.items():
        error = told[case]
        assert (error["type"], error["text"]) == ("ModuleNotFoundError", f"No module named '{name}'")
        assert f'[tool.pypkg]: hidden-imports = ["{name}"]' in error["notes"][0]
    assert told["library"]["notes"] == [
        "'tkinter' belongs to the standard library, but the Python in this executable does not have it."
    ]


def test_the_traceback_shows_the_hint(package: Package, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import importlib\nname = 'nosuch'\nimportlib.import_module(name)\n")
    result = package(tmp_path / "app.py", STATIC).run()
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert lines[-2] == "ModuleNotFoundError: No module named 'nosuch'"
    assert lines[-1].startswith("'nosuch' is not in this executable.")
    assert "_pypkg" not in result.stderr


def test_doing_what_the_hints_say_helps(package: Package, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "plugin.py").write_text("VALUE = 'plugged in'\n")
    (project / "data" / "text").write_text("a text\n")
    (project / "__main__.py").write_text(
        "import importlib, os\n"
        "print(importlib.import_module(os.environ['MODULE']).VALUE)\n"
        "print(open(os.path.join(os.path.dirname(__file__), os.environ['FILE'])).read(), end='')\n"
    )
    variables = {"MODULE": "plugin", "FILE": "data/text"}
    table = '[project]\nname = "hinted"\n[tool.pypkg]\n'
    for expected in ('hidden-imports = ["plugin"]', 'assets = ["data/text"]'):
        (project / "pyproject.toml").write_text(table)
        result = package(project, STATIC).run(env=variables)
        assert (result.returncode, result.stderr.rstrip().rpartition(": ")[2]) == (1, expected), result
        table += f"{expected}\n"
    (project / "pyproject.toml").write_text(table)
    assert package(project, STATIC).output(env=variables) == "plugged in\na text\n"


@pytest.mark.parametrize("target", [STATIC, OLDEST])
def test_a_base_gives_no_hints(target: str, base_of: BaseOf, tmp_path: Path) -> None:
    calls = ("import nosuch", "open('/snapshot/nothing')", "open('/snapshot/x', 'w')")
    code = f"for text in {calls}:\n try: exec(text)\n"
    code += " except Exception as error: print(error, hasattr(error, '__notes__'))"
    assert Program(path=base_of(target), home=tmp_path).output("-c", code).splitlines() == [
        "No module named 'nosuch' False",
        "[Errno 2] No such file or directory: '/snapshot/nothing' False",
        "[Errno 30] Read-only file system: '/snapshot/x' False",
    ]
