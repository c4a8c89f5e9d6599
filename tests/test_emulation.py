"""Programs of another processor are started with its emulator, or their test says what is missing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import emulation
import needs
from emulation import LIMITS, command, need_kernel, need_processes
from pypkg_core.targets.catalogue import Target
from pypkg_forge.verify.runner import Runner

ELSEWHERE = Target(version="313", platform="linuxstatic", arch="arm64")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program of another target, which its file need not say."""
    monkeypatch.setattr(emulation, "target_of", lambda _: ELSEWHERE)
    monkeypatch.setattr(emulation, "inspect_file", lambda _: [SimpleNamespace(interpreter="/none/ld.so.1")])
    monkeypatch.setenv(needs.COMPLETE, "1")
    return tmp_path / "program"


def _runs_with(monkeypatch: pytest.MonkeyPatch, words: list[str] | None) -> None:
    answer = Runner(reason="its loader is not here") if words is None else Runner(words=tuple(words))
    monkeypatch.setattr(emulation, "runner", lambda *_: answer)


def test_the_emulator_stands_before_the_program(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs_with(monkeypatch, ["/bin/qemu"])
    assert command(program, "-c", "x") == ["/bin/qemu", program, "-c", "x"]
    damaged = program.with_name("damaged")
    _runs_with(monkeypatch, None)
    assert command(damaged, like=program) == ["/bin/qemu", damaged]


def test_a_native_program_stands_alone(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs_with(monkeypatch, [])
    monkeypatch.setattr(emulation, "cannot_register", lambda _: "must not be asked")
    assert command(program) == [program]
    need_processes(program)
    need_kernel(program, "shrinking files")


def test_a_missing_loader_is_named(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs_with(monkeypatch, None)
    with pytest.raises(
        pytest.fail.Exception, match="Nothing here runs py313-linuxstatic-arm64: its loader is not here"
    ):
        command(program)


def test_programs_that_cannot_start_each_other(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs_with(monkeypatch, ["/bin/qemu"])
    monkeypatch.setattr(emulation, "cannot_register", lambda name: f"the kernel refuses {name}")
    with pytest.raises(pytest.fail.Exception, match=r"arm64 from each other: .*: the kernel refuses qemu-aarch64-s"):
        need_processes(program)


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_of_the_emulator_is_never_a_failure(limit: str, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs_with(monkeypatch, ["/bin/qemu"])
    with pytest.raises(pytest.skip.Exception, match="is emulated: qemu-user"):
        need_kernel(program, limit)
