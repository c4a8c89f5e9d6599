"""An error is reported once, clearly, with the right exit code, and leaves nothing half-written behind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.program import Program
from fixture_types import BaseOf, Pypkg, Result
from targets import STATIC

pytestmark = pytest.mark.base


def _said_once(result: Result, exit_code: int, *words: str) -> None:
    """Assert that there is exactly one error message, which contains all of ``words``."""
    assert result.returncode == exit_code, result
    assert "Traceback" not in result.stderr, result.stderr
    assert len(re.findall(r"^> Error! ", result.stderr, re.MULTILINE)) == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


@pytest.fixture(scope="module", autouse=True)
def _base(base_of: BaseOf) -> None:
    base_of(STATIC)


def test_a_missing_input(pypkg: Pypkg, tmp_path: Path) -> None:
    missing = tmp_path / "nothing.py"
    _said_once(pypkg("-t", STATIC, "-o", tmp_path / "out", missing), 2, str(missing))
    assert list(tmp_path.iterdir()) == []


def test_a_syntax_error_names_file_and_line(pypkg: Pypkg, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import broken\n")
    (tmp_path / "broken.py").write_text("value = 1\n\ndef f(:\n    pass\n")
    (tmp_path / "app").write_text("from an earlier run")
    result = pypkg("-t", STATIC, "-o", tmp_path / "app", tmp_path / "app.py")
    _said_once(result, 1, f"{tmp_path / 'broken.py'}:3")
    assert (tmp_path / "app").read_text() == "from an earlier run"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app", "app.py", "broken.py"]


@pytest.mark.parametrize("target", ["py313-amiga-x64", "py299-linux-x64", "py313-linux-m68k"])
def test_an_unknown_target_token(pypkg: Pypkg, hello_script: Path, tmp_path: Path, target: str) -> None:
    token = next(token for token in ("amiga", "py299", "m68k") if token in target)
    _said_once(pypkg("-t", target, "-o", tmp_path / "out", hello_script), 2, f"'{token}'")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option(pypkg: Pypkg, hello_script: Path) -> None:
    _said_once(pypkg("--no-such-option", hello_script), 2, "--no-such-option")


def test_an_output_that_is_a_folder(pypkg: Pypkg, hello_script: Path, tmp_path: Path) -> None:
    result = pypkg("-t", STATIC, "-o", tmp_path, hello_script)
    _said_once(result, result.returncode, str(tmp_path))
    assert result.returncode in {1, 2}
    assert list(tmp_path.iterdir()) == []


def test_an_output_below_a_file(pypkg: Pypkg, hello_script: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _said_once(pypkg("-t", STATIC, "-o", tmp_path / "file" / "hello", hello_script), 1, str(tmp_path / "file"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_output_on_a_file_system_that_refuses(pypkg: Pypkg, hello_script: Path) -> None:
    _said_once(pypkg("-t", STATIC, "-o", "/proc/hello", hello_script), 1, "/proc")


def test_the_input_is_never_overwritten(pypkg: Pypkg, tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text("print(1)\n")
    result = pypkg("-t", STATIC, "-o", script, script)
    assert result.returncode != 0
    assert "Refusing to overwrite input file" in result.stderr
    assert script.read_text() == "print(1)\n"


@pytest.mark.parametrize("left", [0.25, 0.75, 0.9, 0.999])
def test_a_truncated_executable_is_found_out(static_hello: Program, tmp_path: Path, left: float) -> None:
    contents = static_hello.path.read_bytes()
    cut = tmp_path / "hello"
    cut.write_bytes(contents[: int(len(contents) * left)])
    cut.chmod(0o755)
    verify = subprocess.run(
        [Path(sys.executable).with_name("pypkg-forge"), "verify", cut], capture_output=True, text=True, check=False
    )
    _said_once(verify, 1, str(cut))


def test_a_truncated_executable_says_so_when_run(static_hello: Program, tmp_path: Path) -> None:
    contents = static_hello.path.read_bytes()
    cut = Program(path=tmp_path / "hello", home=tmp_path, like=static_hello.path)
    cut.path.write_bytes(contents[:-65536])
    cut.path.chmod(0o755)
    result = cut.run()
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert "truncated" in result.stderr or "damaged" in result.stderr, result.stderr
