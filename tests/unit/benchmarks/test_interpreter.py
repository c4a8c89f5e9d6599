"""benchmarks/interpreter.py: which interpreters, which workloads, and running them in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import interpreter
import pytest
from interpreter import find_interpreter, measure, probe
from workloads import MICRO, NEEDS, PROGRAMS, RUNNER, Workload

from pypkg_core.errors import PypkgError, UsageError

PYTHON = Path(sys.executable)
SCRIPT = """
import os, sys
import pyperf
from beside import FACTOR

runner = pyperf.Runner(add_cmdline_args=None)
runner.metadata["description"] = "values that are known"
runner.argparser.add_argument("seconds", type=float)
seconds = runner.parse_args().seconds * FACTOR
values = iter([9.0, seconds, 5.0])
runner.bench_time_func("loops", lambda loops, each: loops * each, seconds, inner_loops=4)
runner.bench_time_func("values", lambda loops: next(values, 7.0))
calls = []
runner.bench_func("calls", calls.append, 1)
async def wait(into): into.append(2)
runner.bench_async_func("waits", wait, calls)
print("what a program prints")
assert set(calls) == {1, 2} and pyperf.perf_counter and pyperf.python_implementation() == "cpython"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script as pyperformance's: with a module beside it, and benchmarks of each form."""
    (tmp_path / "beside.py").write_text("FACTOR = 2\n", encoding="utf-8")
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def _measured(*arguments: str | Path) -> dict[str, float]:
    done = subprocess.run([PYTHON, "-I", "-B", RUNNER, "0", *arguments], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_script_for_pyperf_reports_the_shortest_time_of_one_loop(script: Path) -> None:
    found = _measured(script, "0.5")
    assert list(found) == ["loops", "values", "calls", "waits"]
    assert (found["loops"], found["values"]) == (0.25, 1.0)
    assert 0 < found["calls"] < 0.001 and 0 < found["waits"] < 0.001


def test_every_micro_benchmark_runs() -> None:
    found = _measured(RUNNER.with_name("micro.py"), *MICRO)
    assert list(found) == list(MICRO)
    # Each does something: so long that the call itself does not count.
    assert {name: seconds for name, seconds in found.items() if seconds < 2e-6} == {}


def test_what_is_needed_is_needed_by_a_program() -> None:
    assert set(NEEDS) - {words.split()[0] for words in PROGRAMS} == set()


def test_interpreters_take_turns_and_one_round_is_enough(script: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for name in ("a", "b"):
        wrapper = tmp_path / name
        wrapper.write_text(f'#!/bin/sh\necho {name} >> {log}\nexec {PYTHON} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
    load = Workload(group="programs", name="script", line=(str(script), "0.5"))
    times, rounds = measure(
        [load, load], {name: tmp_path / name for name in ("a", "b")}, peer="a", minutes=0, seconds=0
    )
    assert (rounds, log.read_text("utf-8").split()) == (1, ["a", "b", "b", "a"])
    assert times.seconds["programs", "loops"] == {"a": 0.25, "b": 0.25}


def test_no_round_begins_that_would_end_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]

    def run(*_: object) -> str:
        clock[0] += 10
        return json.dumps({"calls": 0.5})

    monkeypatch.setattr(interpreter, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(interpreter, "_run", run)
    load = Workload(group="micro", name="calls", line=("script",))
    names = {"a": PYTHON, "b": PYTHON}
    # A round takes 20 seconds.
    rounds = [measure([load], names, peer="a", minutes=minutes, seconds=0)[1] for minutes in (0, 0.9, 1, 2)]
    assert rounds == [1, 2, 3, 6]


def test_a_workload_that_fails_is_an_error_with_its_output(tmp_path: Path) -> None:
    path = tmp_path / "fails.py"
    path.write_text("raise SystemExit('a reason')\n", encoding="utf-8")
    load = Workload(group="micro", name="fails", line=(str(path),))
    with pytest.raises(PypkgError, match="a reason"):
        measure([load], {"a": PYTHON}, peer="a", minutes=0, seconds=0)


def test_the_modules_that_an_interpreter_lacks_are_found() -> None:
    found = probe("here", PYTHON, ["json", "no_such_module"])
    assert found.missing == {"no_such_module"}
    assert found.version.startswith(sys.version.split()[0])


def test_an_interpreter_is_a_command_a_path_or_one_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(PYTHON.parent))
    assert find_interpreter(PYTHON.name) == (PYTHON.name, PYTHON)
    assert find_interpreter(str(PYTHON)) == (PYTHON.name, PYTHON)
    assert find_interpreter(f"before={PYTHON}") == ("before", PYTHON)


@pytest.mark.parametrize(
    ("text", "message"), [("no-such-python", "neither a command nor a target"), ("py313-linux-x64", "no base of it")]
)
def test_what_is_not_there_is_reported(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_interpreter(text)
