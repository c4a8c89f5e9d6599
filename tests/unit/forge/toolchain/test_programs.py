"""The programs that a build needs from the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_forge.toolchain import environment, programs
from pypkg_forge.toolchain.environment import step_environment


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose system directory and whose caller's PATH hold what a test puts there."""
    for name in ("system", "callers"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(environment, "SYSTEM_PATH", str(tmp_path / "system"))
    monkeypatch.setenv("PATH", str(tmp_path / "callers"))


def install(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_all_missing_programs_are_named() -> None:
    with pytest.raises(PypkgError) as caught:
        programs.check_programs(tcl=True)
    text = str(caught.value)
    assert "make, perl" in text
    assert "tclsh" in text
    assert "apt-get install" in text
    assert " tcl" in text


def test_a_bare_perl_is_not_enough(tmp_path: Path) -> None:
    for name in ("make", "perl", "sh", "awk", "sed", "grep", "find", "tic", "infocmp"):
        install(tmp_path / "callers" / name, "exit 2")
    with pytest.raises(PypkgError, match="missing: perl"):
        programs.check_programs(tcl=False)


def test_a_program_of_the_callers_reaches_a_step_without_its_neighbours(tmp_path: Path) -> None:
    for name in ("tclsh", "gcc"):
        install(tmp_path / "callers" / name, f"echo caller {name} $1")
    install(tmp_path / "callers" / "make", "echo caller make")
    install(tmp_path / "system" / "make", "echo system make")
    programs.write_program_wrappers(tmp_path / "tools")
    script = 'tclsh "a b"; make; gcc'
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env=step_environment(tmp_path / "tools", epoch=1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["caller tclsh a b", "system make"]
    assert "gcc" in done.stderr
    install(tmp_path / "system" / "tclsh", "echo system tclsh")
    programs.write_program_wrappers(tmp_path / "tools")
    assert list((tmp_path / "tools").iterdir()) == []
