"""What runs the bases of other machines here."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.binary import Binary
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_forge.verify.runner import runner
from unit.core.binaries.fixture_files import all_fixtures

HOST = Target(version="313", platform="linux", arch="x64")
OTHER = Target(version="313", platform="linuxstatic", arch="arm64")
EMULATORS = sorted({row.emulator for row in catalogue().arches.values() if row.emulator is not None})


@pytest.fixture
def static(tmp_path: Path) -> Binary:
    """A program that needs no loader."""
    path = tmp_path / "program"
    path.write_bytes(all_fixtures()["linuxstatic-x64"])
    return inspect_file(path)[0]


@pytest.fixture(autouse=True)
def emulators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every emulator is installed."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/emulators/{name}" if name in EMULATORS else None)


def test_this_machine_runs_its_own_processor(static: Binary) -> None:
    assert runner(HOST, static, HOST) == []


def test_an_emulator_runs_another_processor(static: Binary) -> None:
    assert runner(OTHER, static, HOST) == ["/emulators/qemu-aarch64-static"]
    assert runner(replace(OTHER, arch="armv6"), static, HOST) == ["/emulators/qemu-arm-static"]
    assert runner(HOST, static, OTHER) == ["/emulators/qemu-x86_64-static"]


def test_without_the_emulator_nothing_runs_it(static: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert runner(OTHER, static, HOST) is None


def test_a_program_needs_its_loader(static: Binary, tmp_path: Path) -> None:
    loader = tmp_path / "ld.so"
    dynamic = replace(static, interpreter=str(loader))
    for target in (replace(HOST, platform="alpine"), replace(OTHER, platform="alpine")):
        assert runner(target, dynamic, HOST) is None
    loader.touch()
    assert runner(replace(HOST, platform="alpine"), dynamic, HOST) == []


@pytest.mark.parametrize("platform", ["win", "macos", "freebsd"])
def test_another_system_does_not_run_here(static: Binary, platform: str) -> None:
    assert runner(replace(HOST, platform=platform), static, HOST) is None
