"""The result is an ordinary executable: the platform's tools read it, and it works after they have changed it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from acceptance.program import Program

pytestmark = pytest.mark.base


@pytest.fixture(autouse=True)
def _binutils() -> None:
    needs.tools("readelf", "strip", "objcopy")


@pytest.fixture(params=["static_hello", "dynamic_hello"])
def hello(request: pytest.FixtureRequest) -> Program:
    program: Program = request.getfixturevalue(request.param)
    return program


def _tool(*command: object) -> str:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def test_readelf_has_no_complaint(hello: Program) -> None:
    listing = _tool("readelf", "-lSW", hello.path)
    assert "warning" not in listing.lower()
    assert ".note.pypkg" in listing


@pytest.mark.parametrize("options", [[], ["--strip-debug"], ["--strip-unneeded"]])
def test_it_survives_strip(hello: Program, tmp_path: Path, options: list[str]) -> None:
    stripped = Program(path=tmp_path / "stripped", home=tmp_path)
    _tool("strip", *options, "-o", stripped.path, hello.path)
    assert stripped.output() == "hello, world\n"
    assert "warning" not in _tool("readelf", "-lSW", stripped.path).lower()


def test_it_survives_objcopy(hello: Program, tmp_path: Path) -> None:
    copied = Program(path=tmp_path / "copied", home=tmp_path)
    (tmp_path / "note").write_text("added later")
    _tool("objcopy", "--add-section", f".added={tmp_path / 'note'}", hello.path, copied.path)
    assert copied.output() == "hello, world\n"
    assert ".added" in _tool("readelf", "-SW", copied.path)
