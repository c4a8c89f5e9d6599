"""Processes that a packaged program starts: itself, the interpreter inside it, other programs and packaged tools."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from emulation import command, need_kernel, need_processes
from fixture_types import Assemble

pytestmark = pytest.mark.base

PROGRAMS = Path(__file__).parent / "processes"
ROOT = "/snapshot/project"
TIMEOUT_SECONDS = 120
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

Done = subprocess.CompletedProcess[str]


def _run(program: Path, *arguments: str, env: Mapping[str, str] = ENVIRONMENT, text: str = "") -> Done:
    return subprocess.run(
        command(program, *arguments),
        check=False,
        text=True,
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        env=env,
        input=text,
    )


@pytest.fixture(autouse=True)
def _processes(base: Path) -> None:
    need_processes(base)


# -- multiprocessing --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spawning(base: Path, assemble: Assemble) -> Path:
    return assemble(base, "spawning", "-OO", "-W", "error", "-X", "dev", more=PROGRAMS)


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing(spawning: Path, method: str) -> None:
    done = _run(spawning, method)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_multiprocessing_without_an_interpreter(base: Path, assemble: Assemble, method: str) -> None:
    """Also with a preloaded main module, whose path is in the fork server's command."""
    done = _run(assemble(base, "spawning", "-W", "error", more=PROGRAMS, interpreter=False), method)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_a_program_without_a_guard_is_told_so(base: Path, assemble: Assemble) -> None:
    done = _run(assemble(base, "unguarded", more=PROGRAMS))
    assert done.stdout == "exit code 1\n"
    assert done.stderr.count("RuntimeError: \n        An attempt has been made to start a new process") == 1


# -- the executable itself --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def starting(base: Path, assemble: Assemble) -> Path:
    return assemble(base, "starting", more=PROGRAMS, tools=[Path("/bin/true")])


def _start(program: Path, how: str, line: list[str], **request: object) -> Done:
    return _run(program, json.dumps({"how": how, "line": line, **request}))


HOWS = ["run", "spawning", "forking", "asyncio", "posix_spawn", "posix_spawnp", "execv", "execvp", "execve", "fexecve"]


@pytest.mark.parametrize("how", HOWS)
def test_interpreter_and_program(starting: Path, how: str) -> None:
    if how == "fexecve":
        need_kernel(starting, "fexecve")
    ending = "" if how.startswith(("exec", "fexec")) else "exit 5\n"
    code = 5 if how.startswith(("exec", "fexec")) else 0
    command = "import os, sys; print(sys.argv, os.environ.get('PYPKG_REENTRY')); sys.exit(5)"
    done = _start(starting, how, ["@", "-c", command, "x"])
    assert (done.stdout, done.stderr, done.returncode) == (f"['-c', 'x'] None\n{ending}", "", code)
    done = _start(starting, how, ["@", "worker", "-c"])
    assert done.stdout.splitlines()[0] == "application ['worker', '-c'] 0 [] 1 None"
    done = _start(starting, how, ["/usr/bin/env"])
    assert "AGAIN=1" in done.stdout and "PYPKG" not in done.stdout


# Arguments after sys.executable, and the expected output.
INTERPRETER = {
    "stdlib module": (["-m", "json.tool", "--help"], r"usage: .*json.tool.*"),
    "module of the program": (
        ["-m", "toolbox", "a"],
        rf"toolbox __main__ {ROOT}/toolbox/__main__.py \['{ROOT}/toolbox/__main__.py', 'a'\] toolbox.__main__\n",
    ),
    "attached": (["-Bc", "print(__name__)"], r"__main__\n"),
    "options": (
        ["-OuX", "utf8", "-Werror", "-c", "import sys; print(sys.flags.optimize, sys.warnoptions, sys._xoptions)"],
        r"1 \['error'\] {'utf8': True}\n",
    ),
    "version": (["-V"], r"Python 3\.1\d\.\d+\n"),
    "long version": (["-VV"], r"Python 3\.1\d\.\d+ \(main.*"),
    "not the working directory": (["-c", "import sys; print('' in sys.path, sys.path[0])"], rf"False {ROOT}\n"),
    "what the program has": (
        ["-c", "import sys; print(sys.frozen, sys._MEIPASS, sys.pypkg.entrypoint, callable(exit), sys.executable)"],
        rf"True /snapshot/_MEIPASS {ROOT}/starting.py True /.*\n",
    ),
    "packaged script": (
        [f"{ROOT}/script.py", "a"],
        rf"script __main__ {ROOT}/script.py \['{ROOT}/script.py', 'a'\] 1 None {ROOT}\nNone True\n",
    ),
    "packaged package": ([f"{ROOT}/toolbox"], rf"toolbox __main__ {ROOT}/toolbox/__main__.py \['{ROOT}/toolbox'\] .*"),
}
PROGRAM = {
    "nothing": ([], "[] 0 []"),
    "command": (["build"], "['build'] 0 []"),
    "options of its own": (["--flag", "-c"], "['--flag', '-c'] 0 []"),
    "known letters": (["-v", "build"], "['-v', 'build'] 0 []"),
    "a missing script": (["none.py"], "['none.py'] 0 []"),
    "code in one argument": (["-cprint(1)"], "['-cprint(1)'] 0 []"),
    "code after options in one argument": (["-Oc1/0", "x"], "['-Oc1/0', 'x'] 0 []"),
    "a module in one argument": (["-mjson.tool"], "['-mjson.tool'] 0 []"),
    "plain Python's way": (["@argv"], "[{request}] 0 []"),
    "the entry": (["@file", "-c", "x"], "['-c', 'x'] 0 []"),
    "the entry with options": (["-Wignore", "-O", "@file", "-c"], "['-c'] 1 ['ignore']"),
    "the executable with options": (["-O", "--", "@", "a"], "['a'] 1 []"),
}


@pytest.mark.parametrize("name", INTERPRETER)
def test_interpreter(starting: Path, name: str) -> None:
    arguments, wanted = INTERPRETER[name]
    done = _start(starting, "run", ["@", *arguments])
    assert done.stderr == ""
    assert re.fullmatch(wanted + r"(?s:.*)exit 0\n", done.stdout), done.stdout


def test_a_script_from_standard_input(starting: Path) -> None:
    request = json.dumps({"how": "run", "line": ["@", "-", "a"]})
    done = _run(starting, request, text="import sys; print(sys.argv)\n")
    assert (done.stdout, done.stderr) == ("['-', 'a']\nexit 0\n", "")


@pytest.mark.parametrize("name", PROGRAM)
def test_program(starting: Path, name: str) -> None:
    arguments, wanted = PROGRAM[name]
    done = _start(starting, "run", ["@", *arguments])
    request = repr(json.dumps({"how": "run", "line": ["@", *arguments]}))
    assert (done.stdout, done.stderr) == (f"application {wanted.replace('{request}', request)} 1 None\nexit 0\n", "")


@pytest.fixture(scope="module")
def restricted(base: Path, assemble: Assemble) -> Path:
    return assemble(base, "starting", more=PROGRAMS, interpreter=False)


RESTRICTED = [
    ["-c", "print(1)"],
    ["-m", "json.tool"],
    ["-"],
    ["-V"],
    [f"{ROOT}/script.py"],
    ["-c", "import sys;main(5)"],
]


@pytest.mark.parametrize("line", RESTRICTED, ids=" ".join)
def test_without_an_interpreter_everything_starts_the_program(restricted: Path, line: list[str]) -> None:
    done = _start(restricted, "run", ["@", *line])
    assert (done.stdout, done.stderr) == (f"application {line} 0 [] 1 None\nexit 0\n", "")


@pytest.mark.parametrize("name", ["the entry with options", "the executable with options"])
def test_without_an_interpreter_the_program_starts_itself(restricted: Path, name: str) -> None:
    arguments, wanted = PROGRAM[name]
    assert _start(restricted, "run", ["@", *arguments]).stdout == f"application {wanted} 1 None\nexit 0\n"


@pytest.mark.parametrize("line", [["@argv"], ["@", "@argv"]])
@pytest.mark.parametrize("how", ["execv", "run"])
def test_restart(starting: Path, how: str, line: list[str]) -> None:
    """``os.execv(sys.executable, sys.argv)``, also with the executable prepended, starts the program."""
    request = json.dumps({"how": how, "line": line})
    done = _run(starting, request, "-c", "print('wrong')")
    wanted = [request, "-c", "print('wrong')"]
    assert done.stdout.splitlines()[0] == f"application {wanted} 0 [] 1 None"


def test_a_real_script(starting: Path, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import beside, library, os, sys\n"
        "print(__name__, __file__, sys.argv, beside.VALUE, library.VALUE, os.environ.get('PYPKG_REENTRY'))\n"
    )
    wanted = f"__main__ {script} ['{script}', 'x'] 7 1 None\nexit 0\n"
    assert _start(starting, "run", ["@", str(script), "x"]).stdout == wanted
    relative = _start(starting, "run", ["@", "-u", "script.py"], cwd=str(tmp_path))
    assert relative.stdout == wanted.replace(f"['{script}', 'x']", "['script.py']")
    isolated = _start(starting, "run", ["@", "-I", str(script)])
    assert "No module named 'beside'" in isolated.stderr


def test_the_working_directory_is_not_imported_from(starting: Path, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("print('wrong')\n")
    (tmp_path / "extra.py").write_text("print('wrong')\n")
    assert _start(starting, "run", ["@", "-c", "import json"], cwd=str(tmp_path)).stdout == "exit 0\n"
    assert "No module named extra" in _start(starting, "run", ["@", "-m", "extra"], cwd=str(tmp_path)).stderr


def test_an_empty_environment(starting: Path) -> None:
    command = "import os; os.environ.pop('LC_CTYPE', None); print(dict(os.environ))"
    for how in ("run", "posix_spawn"):
        assert _start(starting, how, ["@", "-c", command], env={}).stdout == "{}\nexit 0\n"
    stray = {"PYPKG_REENTRY": "/stray", "A": "b"}
    for how in ("run", "posix_spawn", "posix_spawnp", "execve"):
        assert _start(starting, how, ["/usr/bin/env"], env=stray).stdout.splitlines()[0] == "A=b"
    many = {f"V{n}": str(n) for n in range(6000)}
    done = _start(
        starting, "run", ["@", "-c", "import os; print(len(os.environ) - ('LC_CTYPE' in os.environ))"], env=many
    )
    assert done.stdout == "6000\nexit 0\n"


def test_grandchildren_know_nothing(starting: Path) -> None:
    command = "import subprocess, sys; subprocess.run(['/usr/bin/env']); subprocess.run([sys.executable, 'x'])"
    done = _start(starting, "run", ["@", "-c", command])
    assert "AGAIN=1" in done.stdout and "PYPKG" not in done.stdout
    assert "application ['x'] 0 [] 1 None" in done.stdout


def test_other_names_of_the_executable(starting: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(starting)
    command = ["-c", "import sys; print(sys.executable)"]
    wanted = f"{starting}\nexit 0\n"
    assert _start(starting, "run", [str(link), *command]).stdout == wanted
    assert _start(starting, "run", ["./link", *command], cwd=str(tmp_path)).stdout == wanted
    found = {"PATH": f"/nowhere:{tmp_path}"}
    request = json.dumps({"how": "run", "line": ["link", *command]})
    assert _run(starting, request, env=found).stdout == wanted
    for how in ("posix_spawnp", "execvp"):
        request = json.dumps({"how": how, "line": ["link", *command]})
        assert _run(starting, request, env=found).stdout.startswith(f"{starting}\n")
    assert _run(link, json.dumps({"how": "run", "line": ["@", *command]})).stdout == wanted


def test_a_users_own_options(starting: Path) -> None:
    for arguments in (["-c", "print(1)"], ["-m", "json.tool"], ["-V"], ["--multiprocessing-fork", "pipe_handle=3"]):
        assert _run(starting, *arguments).stdout == f"application {arguments} 0 [] 1 None\n"
    # A variable set by somebody else does not start the interpreter either.
    other = {"PYPKG_REENTRY": "/usr/bin/env"}
    assert _run(starting, "-c", "x", env=other).stdout == "application ['-c', 'x'] 0 [] 1 None\n"


def test_the_working_directory_in_the_snapshot(starting: Path) -> None:
    command = "import os; print(os.getcwd(), os.listdir('sub'))"
    done = _start(starting, "run", ["@", "-c", command], cwd=f"{ROOT}/data")
    assert (done.stdout, done.stderr) == (f"{ROOT}/data ['b.txt']\nexit 0\n", "")


# -- options in the image ----------------------------------------------------------------------------------------------


# The options, their effects, and the flags that differ from a run without options.
OPTIONS: dict[str, tuple[list[str], dict[str, object], dict[str, object]]] = {
    "development": (
        ["-OO", "-u", "-X", "dev", "-W", "error", "-Wignore::ImportWarning"],
        {
            "warnoptions": ["default", "error", "ignore::ImportWarning"],
            "xoptions": {"dev": True},
            "unbuffered": True,
            "faulthandler": True,
        },
        {"optimize": 2, "dev_mode": True},
    ),
    "limits": (
        ["-Bb", "-X", "utf8", "-Xtracemalloc=3", "-X", "int_max_str_digits=640", "-X", "no_debug_ranges"],
        {
            "warnoptions": ["default::BytesWarning"],
            "xoptions": {"utf8": True, "tracemalloc": "3", "int_max_str_digits": "640", "no_debug_ranges": True},
            "tracemalloc": 3,
            "digits": 640,
            "columns": False,
        },
        {"dont_write_bytecode": 1, "bytes_warning": 1, "utf8_mode": 1, "int_max_str_digits": 640},
    ),
    "encoding": (
        ["-qO", "-X", "utf8=0", "-X", "faulthandler", "-X", "frozen_modules=off", "-X", "warn_default_encoding"],
        {
            "xoptions": {"utf8": "0", "faulthandler": True, "frozen_modules": "off", "warn_default_encoding": True},
            "faulthandler": True,
        },
        {"quiet": 1, "optimize": 1, "warn_default_encoding": 1},
    ),
}


@pytest.fixture(scope="module")
def effects_without(base: Path, assemble: Assemble) -> dict[str, Any]:
    return _effects(assemble(base, "options", more=PROGRAMS))


def _effects(program: Path) -> dict[str, Any]:
    done = _run(program)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stdout
    return cast("dict[str, Any]", ast.literal_eval(lines[0]))


@pytest.mark.parametrize("name", OPTIONS)
def test_options(base: Path, assemble: Assemble, effects_without: dict[str, Any], name: str) -> None:
    options, effects, flags = OPTIONS[name]
    seen = _effects(assemble(base, "options", *options, more=PROGRAMS))
    assert seen == {**effects_without, **effects, "flags": {**effects_without["flags"], **flags}}


def test_import_times(base: Path, assemble: Assemble) -> None:
    done = _run(assemble(base, "flags", "-X", "importtime"))
    assert "import time: self [us]" in done.stderr and " | encodings" in done.stderr


# -- tools in the snapshot --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["run", "spawning", "asyncio", "posix_spawn", "posix_spawnp", "execv"])
def test_tools(starting: Path, tmp_path: Path, how: str) -> None:
    cache: Mapping[str, str] = {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path), "PATH": f"/usr/bin:/bin:{ROOT}/tools"}

    def start(tool: str, *arguments: str) -> str:
        return _run(starting, json.dumps({"how": how, "line": [tool, *arguments]}), env=cache).stdout

    assert start(f"{ROOT}/tools/tool.sh", "a", "b").startswith("tool a b\n")
    assert start(f"{ROOT}/data/../tools/true") == ("" if how == "execv" else "exit 0\n")
    assert start(f"{ROOT}/data/a.txt") == "exit PermissionError\n"
    assert start(f"{ROOT}/data") == "exit PermissionError\n"
    assert start(f"{ROOT}/data/none") == "exit FileNotFoundError\n"
    if how in ("run", "posix_spawnp"):
        assert start("tool.sh", "by name").startswith("tool by name\n")


# -- threads of control -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def interrupts(base: Path, assemble: Assemble) -> Path:
    return assemble(base, "interrupts", more=PROGRAMS)


def _interrupt(program: Path, mode: str, number: int) -> tuple[int, str, str]:
    with subprocess.Popen(
        command(program, mode), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, error = process.communicate(timeout=TIMEOUT_SECONDS)
    return process.returncode, out, error


def test_signals(interrupts: Path) -> None:
    code, out, error = _interrupt(interrupts, "sleep", signal.SIGINT)
    assert (code, out, error.splitlines()[-1]) == (-signal.SIGINT, "", "KeyboardInterrupt")
    assert _interrupt(interrupts, "caught", signal.SIGINT) == (0, "interrupted\n", "")
    assert _interrupt(interrupts, "sleep", signal.SIGTERM) == (-signal.SIGTERM, "", "")
    assert _interrupt(interrupts, "terminate", signal.SIGTERM) == (3, "", "")
    assert _run(interrupts, "wakeup").stdout == "True\n"


def test_faulthandler(interrupts: Path) -> None:
    dump = _run(interrupts, "dump").stdout
    assert dump.count(f'File "{ROOT}/interrupts.py", line ') >= 4 and "Timeout (0:00:00.050000)!" in dump
    for mode, number, text in (("crash", signal.SIGSEGV, "Segmentation fault"), ("abort", signal.SIGABRT, "Aborted")):
        done = _run(interrupts, mode)
        assert done.returncode == -number
        assert done.stderr.startswith(f"Fatal Python error: {text}\n") and f'File "{ROOT}/interrupts.py"' in done.stderr


def test_interpreters(base: Path, assemble: Assemble) -> None:
    done = _run(assemble(base, "interpreters", more=PROGRAMS))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
