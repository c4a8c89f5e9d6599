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

from acceptance.environments import new_environment, write_distribution
from acceptance.program import Package
from targets import PARAMETERS, STATIC

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


DISTRIBUTION = """\
import os, subprocess, sys

def palette():
    folder = getattr(sys, "_MEIPASS", None)
    folder = os.path.join(folder, "paints") if folder else os.path.dirname(__file__)
    with open(os.path.join(folder, "shades", "blue.txt")) as stream:
        return stream.read().strip()

def mixed():
    mixer = os.path.join(os.path.dirname(__file__), "tools", "mix")
    return subprocess.run([mixer, "warm"], capture_output=True, text=True, check=True).stdout.strip()
"""
# It reads a file beside itself and one below its folder.
MIXER = """\
#!/bin/sh
here=${0%/*}
read -r name < "$here/name.txt"
read -r tone < "$here/tones/$1.txt"
echo "$name $tone"
"""
OWN = """\
import os, sys
import paints

with open(os.path.join(getattr(sys, "_MEIPASS", os.path.dirname(__file__)), "frames", "oak.txt")) as stream:
    print(stream.read().strip(), paints.palette(), paints.mixed(), sep=", ")
"""


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A script, and a distribution that knows PyInstaller and starts a program of its own."""
    folder = tmp_path_factory.mktemp("painter")
    site = new_environment(folder)
    files = {
        "paints/__init__.py": DISTRIBUTION,
        "paints/shades/blue.txt": "cobalt\n",
        "paints/tools/mix": MIXER,
        "paints/tools/name.txt": "mixer\n",
        "paints/tools/tones/warm.txt": "amber\n",
    }
    write_distribution(site, "paints", files)
    (site / "paints" / "tools" / "mix").chmod(0o755)
    (folder / "frames").mkdir()
    (folder / "frames" / "oak.txt").write_text("oak\n")
    (folder / "app.py").write_text(OWN)
    (folder / "pypkg.json").write_text(json.dumps({"assets": ["frames/*"]}))
    return folder


def test_distributions_find_their_data_and_programs_theirs(painter: Path, package: Package) -> None:
    options = ["-c", painter / "pypkg.json", "--python", painter / ".venv"]
    program = package(painter / "app.py", STATIC, *options)
    assert program.output() == "oak, cobalt, mixer amber\n"
