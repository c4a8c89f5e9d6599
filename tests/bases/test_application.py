"""The programs of ``project``, run as packaged applications."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import TextIO

import pytest

from emulation import command, need_kernel
from fixture_types import Assemble
from pypkg_core.binaries import find_format

pytestmark = pytest.mark.base

# Variables that an application must ignore.
PYTHON_VARIABLES = {
    "PYTHONPATH": "/elsewhere",
    "PYTHONHOME": "/elsewhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSTARTUP": "/x",
}


def _run(
    program: Path, *arguments: str, stdout: int | TextIO = subprocess.PIPE, like: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(program, *arguments, like=like),
        check=False,
        text=True,
        env={"PATH": "/bin", "HOME": str(program.parent), **PYTHON_VARIABLES},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("main", ["descriptors", "files", "modules"])
def test_program(base: Path, assemble: Assemble, main: str) -> None:
    done = _run(assemble(base, main), "-c", "x", "-V")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_messages_are_not_in_files(base: Path, assemble: Assemble, tmp_path: Path) -> None:
    """Other threads write messages to standard error, which is closed, while packaged files are opened."""
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(name[:1].encode() * 100_000)
    program = assemble(base, "messages", more=tmp_path)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *command(program)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "0 wrong\n")


def test_options_of_the_executable(base: Path, assemble: Assemble) -> None:
    plain = _run(assemble(base, "flags"), "-O", "-m")
    assert plain.stdout == "0 False 1 [] {} ['-O', '-m'] ['-O', '-m']\n"
    given = _run(assemble(base, "flags", "-OO", "-X", "dev", "-W", "error", "-Wignore::ImportWarning"), "-V", "é")
    assert given.stdout == (
        "2 True 1 ['default', 'error', 'ignore::ImportWarning'] {'dev': True} ['-V', 'é'] ['-V', 'é']\n"
    )


@pytest.fixture(scope="module")
def ends(base: Path, assemble: Assemble) -> Path:
    return assemble(base, "ends")


def test_exit_codes(ends: Path) -> None:
    assert _run(ends, "code").returncode == 5
    text = _run(ends, "text")
    assert (text.returncode, text.stderr) == (1, "message\n")
    assert _run(ends, "interrupt").returncode == -signal.SIGINT
    with Path("/dev/full").open("w") as full:
        assert _run(ends, "buffered", stdout=full).returncode == 120


def test_traceback_has_names_and_lines(ends: Path) -> None:
    done = _run(ends, "error")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].startswith('  File "/snapshot/project/ends.py", line ') and lines[1].endswith(", in <module>")
    assert lines[-1] == "ValueError: wrong"


def test_threads_and_exit_functions(ends: Path) -> None:
    assert _run(ends, "threads").stdout == "main\nthread\nexit\n"


def test_deep_recursion_is_an_exception(ends: Path) -> None:
    assert _run(ends, "deep").stdout == "caught\n"


def _check_damaged(ends: Path, folder: Path, contents: bytes) -> None:
    program = folder / "damaged"
    program.write_bytes(contents)
    program.chmod(0o755)
    done = _run(program, "code", like=ends)
    assert done.returncode == 1
    assert done.stderr.startswith("pypkg: ") and done.stderr.count("\n") == 1, done.stderr


def _image_of(program: Path) -> tuple[bytes, int, int]:
    data = program.read_bytes()
    span = find_format(data, program).locate(data, program)
    return data, span.offset, span.size


@pytest.mark.parametrize(("at", "change"), [(0, b"x"), (24, b"\xff" * 8)], ids=["no magic", "a table out of range"])
def test_damaged_image_is_one_clear_line(ends: Path, tmp_path: Path, at: int, change: bytes) -> None:
    data, start, _ = _image_of(ends)
    _check_damaged(ends, tmp_path, data[: start + at] + change + data[start + at + len(change) :])


@pytest.mark.parametrize("part", ["in the middle", "in the header"])
def test_truncated_image_is_one_clear_line(ends: Path, tmp_path: Path, part: str) -> None:
    need_kernel(ends, "shrinking files")
    data, start, size = _image_of(ends)
    _check_damaged(ends, tmp_path, data[: start + (8 if part == "in the header" else size // 2)])
