"""A base by itself: a python3 with the standard library in its image."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import needs
from disassembly import indirect_jumps, stack_checks
from emulation import command, target_of
from fixture_types import BaseOf
from pypkg.project.interpreter_options import X_NAMES
from targets import DYNAMIC, OLDEST

pytestmark = pytest.mark.base

# The processors that `stack_checks` reads the code of.
COUNTED = ("x64",)


def _run(base: Path, *arguments: str | Path, text: str = "", env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command(base, *arguments),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/bin", **(env or {})},
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.rstrip("\n")


def test_command_line(base: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys; print(sys.argv[1:], sys.path[0], __file__)\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__main__.py").write_text("print(__file__)\n")
    assert _run(base, script, "a", "-V") == f"['a', '-V'] {tmp_path} {script}"
    assert _run(base, package) == str(package / "__main__.py")
    assert _run(base, "-c", "print(__name__)") == "__main__"
    assert _run(base, text="print(1 + 1)\n") == "2"
    assert _run(base, "-m", "platform").startswith("Linux")
    assert _run(base, "-V").startswith("Python 3.")
    assert _run(base, "-O", "-c", "assert False; print(__debug__)") == "False"


def test_every_x_option_is_known(base: Path) -> None:
    """The packager knows the names that each series has, to check values and find misspelt ones."""
    named = set(re.findall(r"^-X (\w[\w-]*)", _run(base, "--help-xoptions"), re.MULTILINE))
    # Only in builds for debugging, and in free-threaded ones.
    assert {"dev", "importtime"} <= named <= X_NAMES | {"showrefcount", "gil", "tlbc"}


def test_paths(base: Path) -> None:
    code = "import json, os, sys; print(sys.prefix, sys.executable, len(sys.path), json.__file__, os.__file__)"
    prefix, executable, items, json_file, os_file = _run(base, "-I", "-c", code).split()
    assert (prefix, executable, items) == ("/snapshot", str(base.resolve()), "1")
    assert json_file.startswith("/snapshot/lib/python3.") and os_file.startswith("/snapshot/lib/python3.")


def test_environment_is_obeyed(base: Path, tmp_path: Path) -> None:
    code = "import sys; print(sys.path[1:3], sys.flags.optimize)"
    expected = "['/one', '/two'] 2"
    assert _run(base, "-c", code, env={"PYTHONPATH": "/one:/two", "PYTHONOPTIMIZE": "2"}) == expected
    # A home of its own: a user may have packages for this Python.
    more = {"PYTHONPATH": "/one:/two", "HOME": str(tmp_path)}
    assert _run(base, "-E", "-c", "import sys; print(len(sys.path))", env=more) == "2"


def test_source_of_the_standard_library(base: Path) -> None:
    code = 'import inspect, json; print(inspect.getsource(json).startswith(\'r"""JSON\'))'
    assert _run(base, "-c", code) == "True"


@pytest.mark.parametrize("name", ["{}/none", "none", "./none"])
def test_a_path_of_any_length_is_reported(base: Path, tmp_path: Path, name: str) -> None:
    for slashes in (4000, 8192, 60000):
        script = name.format(tmp_path) + "/" * slashes
        done = subprocess.run(command(base, script), capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), (slashes, done.returncode)
        assert "can't open file" in done.stderr


def test_every_module_is_as_from_files(base: Path) -> None:
    code = "import pkgutil, json; print('decoder' in [m.name for m in pkgutil.iter_modules(json.__path__)])"
    assert _run(base, "-c", code) == "True"
    assert _run(base, "-c", "import site, sysconfig; print(sysconfig.get_path('stdlib'))").startswith("/snapshot/lib/")


def test_real_directories_before_the_standard_library_come_first(base: Path, tmp_path: Path) -> None:
    (tmp_path / "uuid.py").write_text("VALUE = 'mine'\n")
    (tmp_path / "script.py").write_text("import uuid, json; print(uuid.VALUE, json.__file__[:13])\n")
    assert _run(base, tmp_path / "script.py") == "mine /snapshot/lib"
    assert _run(base, "-c", "import uuid; print(uuid.VALUE)", env={"PYTHONPATH": str(tmp_path)}) == "mine"
    assert _run(base, "-I", "-c", "import uuid; print(uuid.__name__)", env={"PYTHONPATH": str(tmp_path)}) == "uuid"


@pytest.mark.parametrize("target", dict.fromkeys([DYNAMIC, OLDEST]))  # the others do not export the function
def test_each_instruction_of_the_interpreter_jumps_by_itself(base_of: BaseOf, target: str) -> None:
    """With one jump for all instructions, the processor could not learn which follows which."""
    assert indirect_jumps(base_of(target), "_PyEval_EvalFrameDefault") >= 100


def _need_counted(base: Path) -> None:
    if target_of(base).arch not in COUNTED:
        needs.other_host(f"the checks of stacks are not counted in code for {target_of(base).arch}")


def test_what_reads_input_checks_its_stack(base: Path) -> None:
    """A function enters with one use of the guarding number and leaves with another; OpenSSL alone has a thousand."""
    _need_counted(base)
    assert stack_checks(base) > 4000


@pytest.mark.parametrize("target", dict.fromkeys([DYNAMIC, OLDEST]))
def test_the_evaluation_loop_does_not(base_of: BaseOf, target: str) -> None:
    _need_counted(base_of(target))
    assert stack_checks(base_of(target), "_PyEval_EvalFrameDefault") == 0
