"""The project that benchmarks package: the same everywhere, as large as it says, and it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GENERATE = Path(__file__).parents[1] / "benchmarks" / "generate.py"


def _generate(folder: Path) -> dict[str, bytes]:
    subprocess.run([sys.executable, GENERATE, folder], check=True, stdout=subprocess.DEVNULL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_the_same_every_time(tmp_path: Path) -> None:
    first = _generate(tmp_path / "first")
    assert _generate(tmp_path / "second") == first
    sources = [contents for name, contents in first.items() if name.endswith(".py") and name != "app.py"]
    assert (len(sources), len(set(sources))) == (1000, 1000)
    assert sum(name.endswith("/rates.json") for name in first) == 20


def test_it_depends_on_every_module_and_table(tmp_path: Path) -> None:
    _generate(tmp_path / "project")
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(len([m for m in sys.modules if m[1:3].isdigit()]))"
    command = [sys.executable, "-B", "-c", code, str(tmp_path / "project" / "app.py")]
    environment = {"PYTHONPATH": str(tmp_path / "project")}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    total, modules = done.stdout.split()
    assert int(modules) == 1000 and int(total) > 0
