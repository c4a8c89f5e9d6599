"""Test files run in parallel, as an ordinary user, not longer than allowed, and not again."""

from __future__ import annotations

import os
import pwd
import stat
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cpython import running as run_module
from cpython.running import Command, command_of, run_file, running, seconds_of

PASSES = """echo '{"test": "test.a", "outcome": "passed", "message": ""}' > "$1" """


def _command(script: str, called: Callable[[str], object] = str) -> Command:
    """Return the command of a program: a shell script whose $0 is the file and $1 its record."""

    def command(name: str, record: Path) -> Sequence[str | Path]:
        called(name)
        return ["/bin/sh", "-c", script, name, record]

    return command


def test_what_has_an_outcome_does_not_run_again(tmp_path: Path) -> None:
    started: list[str] = []
    for names in (["test_a"], ["test_a", "test_b"]):
        with running(_command(PASSES, started.append), names, tmp_path / "results") as futures:
            assert [futures[name].result().passed for name in names] == [1] * len(names)
    assert started == ["test_a", "test_b"]
    assert {file.name for file in (tmp_path / "results").iterdir()} == {
        "test_a.json",
        "test_a.log",
        "test_b.json",
        "test_b.log",
    }


def test_an_interrupted_run_keeps_what_has_ended_and_starts_nothing_more(tmp_path: Path) -> None:
    started: list[str] = []
    names = ["test_a", "test_b", "test_c", "test_d"]

    def interrupted() -> None:
        with running(_command(PASSES, started.append), names, tmp_path, jobs=1) as futures:
            futures["test_a"].result()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    ended = {file.stem for file in tmp_path.glob("*.json")}
    assert "test_a" in ended
    assert ended == set(started)
    with running(_command(PASSES, started.append), names, tmp_path, jobs=1) as futures:
        assert all(future.result().passed for future in futures.values())
    assert started == names


def test_jobs_run_at_the_same_time(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=30)

    def wait(name: str) -> None:
        together.wait()

    with running(_command(PASSES, wait), ["test_a", "test_b"], tmp_path, jobs=2) as futures:
        assert [future.result().passed for future in futures.values()] == [1, 1]


def test_a_file_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = run_file(_command("sleep 600 & echo $!; wait"), "test_a", log=log, seconds=1)
    assert list(outcome.failed) == ["test.test_a"]
    assert outcome.failed["test.test_a"].startswith("too long")
    assert _ends(int(log.read_text()))


def test_what_a_file_leaves_behind_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = run_file(_command(f"sleep 600 & echo $!; {PASSES}"), "test_a", log=log)
    assert outcome.failed == {}
    assert _ends(int(log.read_text()))


def test_files_run_as_an_ordinary_user_in_a_folder_of_their_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = 'id -u; touch "$HOME/x"; test "$PWD" = "$HOME" -a "$TMPDIR" = "$HOME"; echo $?; echo "$PYTHONPATH$USER"'
    run_file(_command(script), "test_a", log=log)
    user, own_folder, environment = log.read_text().split("\n")[:3]
    can_change = os.geteuid() == 0 and Path("/proc").stat().st_mode & stat.S_IXOTH
    assert int(user) == (pwd.getpwnam("nobody").pw_uid if can_change else os.geteuid())
    assert own_folder == "0"
    assert environment == ""


@pytest.mark.parametrize(("emulated", "seconds", "case"), [(False, 1200, 600), (True, 4800, 2400)])
def test_an_emulated_program_has_more_time(
    emulated: bool, seconds: int, case: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run_module, "is_emulated", lambda _: emulated)
    monkeypatch.setattr(run_module, "command", lambda program, *arguments: [program, *arguments])
    program = tmp_path / "program"
    assert seconds_of(program) == seconds
    assert f"--timeout={case}" in command_of(program)("test_a", tmp_path / "record")


def _ends(process: int) -> bool:
    """Return whether a process ends within some seconds; one that is dead but not collected has ended."""
    stat = Path(f"/proc/{process}/stat")
    for _ in range(100):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False
