"""Executables packaged with ``--debug`` list and trace their contents; others contain no code for that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acceptance.program import Package, Program
from pypkg_core.binaries import read_image
from targets import OLDEST, STATIC

pytestmark = pytest.mark.base

SCRIPT = """
import os, sys, textwrap
from pathlib import Path
here = Path(__file__).parent
print(len((here / "data.txt").read_bytes()))
for name, mode in ("nothing.txt", "r"), ("app.py", "r"), ("log.txt", "w"):
    try:
        (here / name).open(mode)
    except OSError as error:
        print(error.errno)
try:
    import nosuch
except ImportError:
    print("no module")
"""
OUTPUT = "6000000\n2\n13\n30\nno module\n"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diagnostics")
    (folder / "app.py").write_text(SCRIPT)
    (folder / "data.txt").write_bytes(b"x" * 6_000_000)
    return folder / "app.py"


@pytest.fixture(scope="module", params=[STATIC, OLDEST])
def debugged(request: pytest.FixtureRequest, script: Path, package: Package) -> Program:
    return package(script, request.param, "--debug")


def _said(program: Program, **variables: str) -> list[str]:
    result = program.run(env=variables)
    assert (result.returncode, result.stdout) == (0, OUTPUT), result
    return [re.sub(" +", " ", line).strip() for line in result.stderr.splitlines()]


def _part(lines: list[str], title: str) -> list[str]:
    after = lines[lines.index(title) + 1 :]
    return after[: after.index("")]


def test_it_is_silent_unless_asked(debugged: Program) -> None:
    assert _said(debugged) == _said(debugged, DEBUG_PYPKG="0") == []


def test_listing(debugged: Program) -> None:
    lines = _said(debugged, DEBUG_PYPKG="1")
    image = read_image(debugged.path)
    assert lines[0] == f"pypkg: {debugged.path}"
    assert {"name app", f"target {image.manifest['target']}", f"python {image.manifest['python']}"} <= set(lines)
    assert f"image {len(image)} bytes, {len(image.entries)} entries, {len(image.modules)} modules" in lines
    assert {"options none", "mounts none", "sys.path /snapshot/app"} <= set(lines)
    files = _part(lines, "Files")
    assert len(files) == len(image.entries) + 1
    assert files[0] == "size stored codec mode path"
    assert files[1].endswith(" 0555 /snapshot/")
    assert "6000000 6000000 none 0444 /snapshot/app/data.txt" in files
    assert "0 0 withheld 0000 /snapshot/app/app.py" in files
    paths = [line.partition(" -> ")[0].rpartition(" ")[2] for line in files[1:]]
    assert paths == sorted(paths, key=lambda path: path.rstrip("/").split("/"))
    large = _part(lines, "Files above 5 MB and folders above 10 MB")
    assert "6000000 6000000 none 0444 /snapshot/app/data.txt" in large
    modules = _part(lines, "Modules")
    assert len(modules) == len(image.modules) + 1
    assert re.fullmatch(r"\d+ \d+ none module textwrap /snapshot/lib/python3.1\d/textwrap.py", next(
        line for line in modules if " textwrap " in line
    ))  # fmt: skip
    assert lines[-1] == ""


def test_limits_bound_the_listing(debugged: Program) -> None:
    lines = _said(debugged, DEBUG_PYPKG="1", SIZE_LIMIT_PYPKG="5 MB", FOLDER_LIMIT_PYPKG="5500000")
    paths = [line.rpartition(" ")[2] for line in _part(lines, "Files")[1:]]
    assert "/snapshot/app/data.txt" in paths and "/snapshot/app/" in paths
    assert len(paths) < 6
    assert _part(lines, "Modules") == ["size stored codec kind name file"]
    wrong = _said(debugged, DEBUG_PYPKG="1", SIZE_LIMIT_PYPKG="much")
    assert wrong[0] == "pypkg: SIZE_LIMIT_PYPKG is ignored: expected bytes, or a number with kB, MB or GB, got 'much'"


def test_trace(debugged: Program) -> None:
    lines = _said(debugged, DEBUG_PYPKG="2", SIZE_LIMIT_PYPKG="1GB")
    traced = lines[len(lines) - lines[::-1].index("") :]
    assert all(line.startswith("pypkg: ") for line in traced)
    text = "\n".join(traced)
    assert re.search(r"^pypkg: open\w* /snapshot/app/data.txt: file, 6000000 bytes$", text, re.M)
    assert re.search(r"^pypkg: open\w* /snapshot/app/nothing.txt: ENOENT$", text, re.M)
    assert re.search(r"^pypkg: open\w* /snapshot/app/app.py: file, 0 bytes, withheld$", text, re.M)
    assert "pypkg: error /snapshot/app/app.py: EACCES" in traced
    assert "pypkg: error /snapshot/app/log.txt: EROFS" in traced
    assert "pypkg: error /snapshot/app/nothing.txt: ENOENT" not in traced
    assert re.search(r"^pypkg: import textwrap: /snapshot/lib/python3.1\d/textwrap.py$", text, re.M)
    assert "pypkg: import nosuch: not found" in traced


def test_interpreters_that_are_started_trace_too(package: Package, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "note = Path(__file__).parent / 'note.txt'\n"
        "code = 'import sys; print(open(sys.argv[1]).read())'\n"
        "sys.exit(subprocess.run([sys.executable, '-c', code, note]).returncode)\n"
    )
    (tmp_path / "note.txt").write_text("noted")
    result = package(script, STATIC, "--debug").run(env={"DEBUG_PYPKG": "2", "SIZE_LIMIT_PYPKG": "1GB"})
    assert (result.returncode, result.stdout) == (0, "noted\n"), result
    lines = result.stderr.splitlines()
    assert sum(line.startswith("pypkg: open") and "/note.txt: file, 5 bytes" in line for line in lines) == 1
    assert sum(line == "Modules" for line in lines) == 1


def test_others_carry_nothing_of_it(script: Path, package: Package) -> None:
    program = package(script, STATIC)
    assert _said(program, DEBUG_PYPKG="2") == []
    data = program.path.read_bytes()
    for text in (b"DEBUG_PYPKG", b"SIZE_LIMIT_PYPKG", b"_pypkg_diagnostics.py"):
        assert text not in data
    assert read_image(program.path).find_module("_pypkg_diagnostics") is None
