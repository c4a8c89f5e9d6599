"""What is in an executable, and what is not: files that move, excluded modules, secrets."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from acceptance.program import Package
from fixture_types import BaseOf, Pypkg
from targets import DYNAMIC, OLDEST, STATIC

pytestmark = pytest.mark.base

IMPORTING = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.import_module(name).__name__ == name)
    except ModuleNotFoundError as error:
        print(name, error)
"""
READING = """
import ctypes, sys
from pathlib import Path
here = Path(__file__).parent
print((here / "tables" / "rates.csv").read_text(), end="")
if sys.argv[1:]:
    print(ctypes.CDLL(str(here / "native" / sys.argv[1])).sum_of(40, 2))
"""


@pytest.mark.parametrize("target", [STATIC, OLDEST])
def test_excluded_modules_of_the_standard_library(target: str, package: Package, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(IMPORTING)
    # Each name in the interpreter's own way: a module, a package with data, a module in a package.
    program = package(script, target, "--exclude", "calendar", "--exclude", "sqlite3", "--exclude", "wsgiref.validate")
    names = ["calendar", "sqlite3", "sqlite3.dump", "wsgiref.validate", "wsgiref.util", "csv"]
    assert program.output(*names).splitlines() == [
        "calendar No module named 'calendar'",
        "sqlite3 No module named 'sqlite3'",
        "sqlite3.dump No module named 'sqlite3'",
        "wsgiref.validate No module named 'wsgiref.validate'",
        "wsgiref.util True",
        "csv True",
    ]


@pytest.mark.parametrize("target", [DYNAMIC, OLDEST])
def test_files_from_elsewhere(target: str, package: Package, tmp_path: Path) -> None:
    project, built = tmp_path / "project", tmp_path / "built"
    (built / "inner").mkdir(parents=True)
    project.mkdir()
    (project / "app.py").write_text(READING)
    (tmp_path / "newest.csv").write_text("EUR 1.1\n")
    (tmp_path / "add.c").write_text("int add(int a, int b) { return a + b; }\n")
    (tmp_path / "sum.c").write_text("int add(int a, int b);\nint sum_of(int a, int b) { return add(a, b); }\n")
    command = [needs.compiler(), "-shared", "-fPIC", "-o"]
    add = built / "inner" / "libadd.so"
    subprocess.run([*command, add, tmp_path / "add.c", "-Wl,-soname,libadd.so"], check=True)
    needed: list[str | Path] = [add, "-Wl,-rpath,$ORIGIN/inner", "-Wl,-soname,libsum.so"]
    subprocess.run([*command, built / "libsum.so", tmp_path / "sum.c", *needed], check=True)
    assets = [f"{tmp_path / 'newest.csv'}=tables/rates.csv", f"{built / 'libsum.so'}=native/"]
    program = package(project / "app.py", target, *(word for item in assets for word in ("--asset", item)))
    built.rename(tmp_path / "away")
    assert program.output("libsum.so") == "EUR 1.1\n42\n"


def test_secrets_are_not_inside(pypkg: Pypkg, base_of: BaseOf, tmp_path: Path) -> None:
    base_of(STATIC)
    package = tmp_path / "project" / "shop"
    files = {
        "__init__.py": "def main():\n    print('open')\n",
        ".env": "TOKEN=words-of-env\n",
        ".hg/hgrc": "[paths]\ndefault = https://words-of-hg@host\n",
        "tls/server.txt": "-----BEGIN EC PRIVATE KEY-----\nwords-of-key\n",
        "prices.csv.orig": "words-of-backup\n",
        "prices.csv": "words-of-prices\n",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    (tmp_path / "notes").write_text("words-of-link\n")
    (package / "notes").symlink_to(tmp_path / "notes")
    (package / "own.txt").write_text("words-of-owner\n")
    (package / "own.txt").chmod(0o600)
    project = package.parent
    (project / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n[project.scripts]\nshop = "shop:main"\n[tool.pypkg]\nassets = ["**"]\n'
    )
    sizes = []
    for _ in range(3):
        result = pypkg("-t", STATIC, "-o", project / "dist" / "shop", "--debug", project)
        assert result.returncode == 0, result
        sizes.append((project / "dist" / "shop").stat().st_size)
    assert len(set(sizes)) == 1
    data = (project / "dist" / "shop").read_bytes()
    assert b"words-of-prices" in data
    for word in ("env", "hg", "key", "backup", "link", "owner"):
        assert f"words-of-{word}".encode() not in data
    counted = [line for line in result.stderr.splitlines() if "Left out" in line]
    assert len(counted) == 7, counted
    assert "> shop/tls/server.txt: is a private key; left out" in result.stderr.splitlines()
