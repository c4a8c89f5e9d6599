"""Folders are layers, and nothing imports in circles: the contracts in pyproject.toml hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"


def lint(configuration: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, str(configuration)]
    return subprocess.run(command, cwd=configuration.parent, capture_output=True, text=True, check=False)


def test_imports_follow_the_layers() -> None:
    done = lint(REPOSITORY / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_executables_are_parsed_in_one_place() -> None:
    """Besides the contract about libraries in pyproject.toml: nothing else compares the first bytes itself."""
    magic = re.compile(r"\\x7fELF|b\"MZ|xcf\\xfa|xfe\\xed\\xfa|xca\\xfe\\xba|!<arch>")
    parser = REPOSITORY / "forge" / "pypkg_core" / "binaries"
    files = [path for folder in ("forge", "packager") for path in (REPOSITORY / folder).rglob("*.py")]
    found = [path for path in files if magic.search(path.read_text(encoding="utf-8"))]
    assert [path for path in found if parser not in path.parents] == []
    assert parser / "magics.py" in found


@pytest.mark.parametrize(
    ("one", "two", "kept"),
    [
        ("", "import sample.one.a\n", True),
        ("import sample.two.b\n", "import sample.one.a\n", False),
        ("def late() -> None:\n    import sample.two.b\n", "import sample.one.a\n", False),  # between functions too
    ],
)
def test_a_circle_is_found(tmp_path: Path, one: str, two: str, kept: bool) -> None:
    for name, text in (("one/a.py", one), ("two/b.py", two)):
        (tmp_path / "sample" / name).parent.mkdir(parents=True)
        (tmp_path / "sample" / name).with_name("__init__.py").touch()
        (tmp_path / "sample" / name).write_text(text)
    (tmp_path / "sample" / "__init__.py").touch()
    contract = '[[tool.importlinter.contracts]]\nname = "circles"\ntype = "acyclic_siblings"\nancestors = ["sample"]\n'
    (tmp_path / "pyproject.toml").write_text(f'[tool.importlinter]\nroot_packages = ["sample"]\n{contract}')
    done = lint(tmp_path / "pyproject.toml")
    assert (done.returncode == 0) == kept, done.stdout + done.stderr
    assert f"circles {'KEPT' if kept else 'BROKEN'}" in done.stdout
