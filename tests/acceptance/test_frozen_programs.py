"""Programs written for PyInstaller run unchanged: except for ``frozen``, results from source and packaged are equal."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.program import Package
from targets import PARAMETERS

pytestmark = pytest.mark.base

SOURCES = Path(__file__).parent / "frozen_program"
ARGUMENTS = ["-c", "x", "-m", "--", "é"]
CONFIG = {"assets": ["assets/*"], "scripts": ["tool/plugins/*.py"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the database that it ships and a file that its user put next to it."""
    folder = tmp_path_factory.mktemp("frozen") / "project"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    database = sqlite3.connect(folder / "assets" / "words.sqlite3")
    with database:
        database.execute("CREATE TABLE words (word TEXT)")
        database.execute("INSERT INTO words VALUES ('old')")
    database.close()
    (folder / "user.ini").touch()
    (folder / "pypkg.json").write_text(json.dumps(CONFIG))
    return folder


@pytest.mark.parametrize("target", PARAMETERS)
def test_program_for_pyinstaller(target: str, project: Path, package: Package) -> None:
    command: list[str | Path] = [sys.executable, project / "app.py", *ARGUMENTS]
    source = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.defpath})
    program = package(project / "app.py", target, "-c", project / "pypkg.json")
    (program.home / "user.ini").touch()
    packaged = json.loads(program.output(*ARGUMENTS))
    assert packaged.pop("frozen") is True
    expected = json.loads(source.stdout)
    assert expected.pop("frozen") is False
    assert packaged == expected
