"""Which command lines of its own executable start the interpreter, and the variable that requests it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pypkg_core.image import ImageFlag

from ..conftest import RunCore, sample_builder

SEPARATOR = "%"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A stand-in for the executable, which prints its arguments and environment."""
    path = tmp_path / "program"
    path.write_text('#!/bin/sh\necho "$@"\nexec /usr/bin/env\n')
    path.chmod(0o755)
    for name in ("script.py", "window.pyw", "old.pyc", "archive.pyz", "data.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "link").symlink_to(path)
    return path


INTERPRETER = [
    ["-c", "pass"],
    ["-c", ""],
    ["-m", "mod", "-x"],
    ["-V"],
    ["-VV"],
    ["-IV"],
    ["-"],
    ["-u", "-", "x"],
    ["-bBdEiIOPqRsSuvxc", "pass"],
    ["-W", "error", "-Wdefault", "-X", "dev", "-Xutf8=0", "-OO", "-m", "mod"],
    ["-uW", "error", "script.py"],
    ["script.py"],
    ["./script.py", "-m"],
    ["{}/script.py"],
    ["-Ou", "{}/window.pyw"],
    ["old.pyc"],
    ["archive.pyz"],
    ["--", "script.py"],
    ["/snapshot/app/main.py"],
    ["/snapshot/app/secret.py", "x"],
    ["/snapshot/app/data"],
    ["/snapshot/app/link"],
    ["-S", "//snapshot/app/run"],
    ["--multiprocessing-fork", "tracker_fd=5", "pipe_handle=7"],
    # The program itself: main runs it.
    ["{}/program", "x"],
    ["-Werror", "{}/link"],
]

PROGRAM = [
    [],
    [""],
    ["worker"],
    ["--flag"],
    ["--version"],
    ["-h"],
    ["-v"],
    ["-u", "worker"],
    ["-x", "--name"],
    ["-z", "-c", "pass"],
    ["-Oz", "script.py"],
    ["-c"],
    ["-m"],
    ["-W"],
    ["-X"],
    ["-O", "-W"],
    ["--"],
    ["--", "-c", "pass"],
    ["none.py"],
    ["data.txt"],
    ["folder.py"],
    ["/snapshot/app/none.py"],
    ["/snapshot/none"],
    ["/snapshot/app/loop"],
    ["worker", "--multiprocessing-fork"],
    [".py"],
    # What one argument holds is never code.
    ["-cpass"],
    ["-mmod"],
    ["-cpass", "x"],
    ["-IcO"],
    ["-Bmjson.tool"],
    ["-u", "-cpass"],
    ["-Werror", "-mmod"],
]

# Only the helpers of multiprocessing, and the program itself.
TRACKER = "from multiprocessing.resource_tracker import main;main("
SERVER = "import sys; from multiprocessing.forkserver import main; main("
RESTRICTED_INTERPRETER = [
    ["-c", TRACKER + "5)"],
    ["-OO", "-X", "dev", "-Werror", "-c", TRACKER + "17)"],
    ["-c", SERVER.removeprefix("import sys; ") + "5, 6, ['__main__'], **{'sys_path': []})"],
    ["-c", SERVER + "5, 6, ['a)', \"b'\"], sys_argv=sys.argv[1:], **{'sys_path': ['/x\\'y']})", "own"],
    ["--multiprocessing-fork", "tracker_fd=5", "pipe_handle=7"],
    ["{}/program", "x"],
    ["-Werror", "{}/link"],
    ["/snapshot/app/main.py"],
]
RESTRICTED_PROGRAM = [
    *(line for line in INTERPRETER if line not in RESTRICTED_INTERPRETER and line[0] != "--multiprocessing-fork"),
    ["-c" + TRACKER + "5)"],
    ["-m", TRACKER + "5)"],
    ["-c", TRACKER + "5"],
    ["-c", TRACKER + "5) "],
    ["-c", TRACKER + "5);x()"],
    ["-c", TRACKER + "x())"],
    ["-c", TRACKER + "5);main(5)"],
    ["-c", SERVER + "'\\')"],
    ["-c", SERVER + "'\\"],
    ["-c", SERVER + "f'{x()}')"],
    ["-c", SERVER + "5\n)"],
    ["-c", SERVER + "sys_argv=sys.argv[1:]()"],
    ["-c", SERVER],
    ["-c", " " + TRACKER + "5)"],
]


def _wanted(run_core: RunCore, image: Path, program: Path, own: list[str], line: list[str]) -> str:
    arguments = [item.replace("{}", str(program.parent)) for item in line]
    done = run_core("reentry", image, program, *own, SEPARATOR, program, *arguments, cwd=program.parent)
    return done.stdout.strip()


@pytest.mark.parametrize("line", INTERPRETER, ids=" ".join)
def test_interpreter(run_core: RunCore, image_file: Path, program: Path, line: list[str]) -> None:
    assert _wanted(run_core, image_file, program, ["own"], line) == "interpreter"
    # The same arguments start the program again, whatever they are.
    own = [item.replace("{}", str(program.parent)) for item in line]
    assert _wanted(run_core, image_file, program, own, line) == "program"
    assert _wanted(run_core, image_file, program, [*own, "more"], line) == "interpreter"


@pytest.mark.parametrize("line", PROGRAM, ids=" ".join)
def test_program(run_core: RunCore, image_file: Path, program: Path, line: list[str]) -> None:
    assert _wanted(run_core, image_file, program, ["own"], line) == "program"


@pytest.fixture(scope="module")
def restricted_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = sample_builder()
    builder.flags |= ImageFlag.NO_REENTRY
    path = tmp_path_factory.mktemp("restricted") / "image"
    path.write_bytes(builder.build())
    return path


@pytest.mark.parametrize("line", RESTRICTED_INTERPRETER, ids=" ".join)
def test_without_an_interpreter_helpers_work(
    run_core: RunCore, restricted_image: Path, image_file: Path, program: Path, line: list[str]
) -> None:
    for image in (restricted_image, image_file):
        assert _wanted(run_core, image, program, ["own"], line) == "interpreter"


@pytest.mark.parametrize("line", RESTRICTED_PROGRAM, ids=" ".join)
def test_without_an_interpreter_nothing_else_is_code(
    run_core: RunCore, restricted_image: Path, program: Path, line: list[str]
) -> None:
    assert _wanted(run_core, restricted_image, program, ["own"], line) == "program"


def _environment(run_core: RunCore, image: Path, program: Path, *line: str | Path, **env: str) -> list[str]:
    """What the started process prints: its arguments, and the part of its environment that the test sets."""
    done = run_core("exec", image, program, *line, cwd=program.parent, env=env)
    inherited = set(os.environ) | {"ASAN_OPTIONS", "PWD", "_", "OLDPWD", "SHLVL"}
    return [text for text in done.stdout.splitlines() if text.partition("=")[0] not in inherited - {"PYPKG_REENTRY"}]


@pytest.mark.parametrize("name", ["{}/program", "./program", "{}/link", "{}/../{name}/program"])
def test_the_variable_is_there_for_the_interpreter_only(
    run_core: RunCore, image_file: Path, program: Path, name: str
) -> None:
    path = name.format(program.parent, name=program.parent.name)
    variable = f"PYPKG_REENTRY={program}"
    assert _environment(run_core, image_file, program, path, "-c", "x") == ["-c x", variable]
    assert _environment(run_core, image_file, program, path, "worker") == ["worker"]
    # A variable that was set before is not passed on.
    assert _environment(run_core, image_file, program, path, "worker", PYPKG_REENTRY="stray") == ["worker"]
    assert _environment(run_core, image_file, program, path, "-c", "x", PYPKG_REENTRY="stray") == ["-c x", variable]
    other = program.parent / "other"
    other.write_bytes(program.read_bytes())
    other.chmod(stat.S_IRWXU)
    assert _environment(run_core, image_file, program, other, "-c", "x", PYPKG_REENTRY="stray") == ["-c x"]


def test_a_large_environment(run_core: RunCore, image_file: Path, program: Path) -> None:
    many = {f"MANY_{n}": "x" for n in range(5000)}
    seen = _environment(run_core, image_file, program, program, "-c", "x", PYPKG_REENTRY="stray", **many)
    assert len(seen) == 5002 and f"PYPKG_REENTRY={program}" in seen and "PYPKG_REENTRY=stray" not in seen


def test_what_cannot_be_executed(run_core: RunCore, image_file: Path, program: Path) -> None:
    for path, expected in (
        ("/snapshot/app/main.py", "EACCES"),
        ("/snapshot/app/data", "EACCES"),
        ("/snapshot/app/none", "ENOENT"),
        ("/snapshot/app/loop", "ELOOP"),
        ("none", "ENOENT"),
    ):
        done = run_core("exec", image_file, program, path, cwd=program.parent)
        assert done.stdout.strip() == expected, path


def test_a_script_of_the_snapshot(run_core: RunCore, image_file: Path, program: Path, tmp_path: Path) -> None:
    done = run_core(
        "exec", image_file, program, "/snapshot/app/run", env={"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "cache")}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
