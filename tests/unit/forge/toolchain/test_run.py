"""Running commands: all output is in the log, errors name the log, no process is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import needs
from pypkg_core.errors import PypkgError
from pypkg_forge.toolchain.run import open_log


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))


def test_a_failure_names_command_code_and_log() -> None:
    with open_log("unit") as log:
        with pytest.raises(PypkgError) as caught:
            log.run([sys.executable, "-c", "print('before'); raise SystemExit(3)"], what="try it", environment={})
        text = str(caught.value)
    assert "Cannot try it" in text
    assert "ended with exit code 3" in text
    assert str(log.path) in text
    assert "before" in text
    assert "before" in log.path.read_text()


def test_a_missing_program_is_an_error() -> None:
    with open_log("unit") as log, pytest.raises(PypkgError, match="Cannot try it: /nowhere/program"):
        log.run(["/nowhere/program"], what="try it", environment={})


def test_progress_comes_from_ninjas_numbers() -> None:
    seen: list[tuple[float, float]] = []

    class Stage:
        def update(self, done: float, total: float) -> None:
            seen.append((done, total))

    with open_log("unit") as log:
        script = "print('[3/7] Building'); print('[7/7] Linking')"
        log.run([sys.executable, "-c", script], what="try", environment={}, stage=Stage())
    assert seen == [(3, 7), (7, 7)]


def test_an_interrupt_ends_the_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "print('[1/2] started', flush=True)\n"
        "time.sleep(60)\n"
    )

    class Stage:
        def update(self, *_: float) -> None:
            raise KeyboardInterrupt

    with open_log("unit") as log, pytest.raises(KeyboardInterrupt):
        log.run([sys.executable, "-c", script], what="try", environment={}, stage=Stage())
    child = int(pid_file.read_text())
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        pytest.fail("the grandchild was left running")


def test_a_killed_run_takes_its_children_along(tmp_path: Path) -> None:
    needs.host("linux")
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    script = (
        "import sys\n"
        "from pypkg_forge.toolchain.run import open_log\n"
        "with open_log('unit') as log:\n"
        f"    log.run([sys.executable, '-c', {child!r}], what='sleep', environment={{}})\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as parent:
        for _ in range(200):
            if pid_file.exists() and pid_file.read_text():
                break
            time.sleep(0.05)
        parent.kill()
    state = Path(f"/proc/{int(pid_file.read_text())}/stat")
    for _ in range(100):
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child goes on")


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "file"))
    with pytest.raises(PypkgError, match="Cannot write the log"), open_log("unit"):
        pass
