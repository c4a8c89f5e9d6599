"""What runs the bases of other machines here."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.binary import Binary
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_forge.verify.runner import Runner, runner
from unit.core.binaries.fixture_files import all_fixtures, fixture

HOST = Target(version="313", platform="linux", arch="x64")
OTHER = Target(version="313", platform="linuxstatic", arch="arm64")
ARM = ("armv6", "armv7")
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
    assert runner(HOST, static, HOST) == Runner()
    assert Runner().how == "run here"


@pytest.mark.parametrize(
    ("target", "host", "how"),
    [
        (OTHER, HOST, "run by qemu-aarch64-static"),
        (HOST, OTHER, "run by qemu-x86_64-static"),
        (replace(OTHER, arch="armv6"), HOST, "run by qemu-arm-static -cpu arm1176"),
    ],
)
def test_an_emulator_runs_another_processor(static: Binary, target: Target, host: Target, how: str) -> None:
    found = runner(target, static, host)
    assert found.how == how
    assert found.words[0].startswith("/emulators/qemu-")


def test_without_the_emulator_nothing_runs_it(static: Binary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    found = runner(OTHER, static, HOST)
    assert found.words == ()
    assert found.how == "structure only: qemu-aarch64-static is not installed (Debian's package qemu-user-static)"


def test_a_program_needs_its_loader(static: Binary, tmp_path: Path) -> None:
    loader = tmp_path / "ld.so"
    dynamic = replace(static, interpreter=str(loader))
    for target in (replace(HOST, platform="alpine"), replace(OTHER, platform="alpine")):
        assert runner(target, dynamic, HOST).reason == f"the loader of its C library is not here: {loader}"
    loader.touch()
    assert runner(replace(HOST, platform="alpine"), dynamic, HOST) == Runner()


def test_a_c_library_for_a_newer_processor_does_not_run_on_the_oldest(static: Binary, tmp_path: Path) -> None:
    """Debian's armhf is for ARMv7: a program for ARMv6 runs with it, but not on an emulated ARMv6."""
    loader = tmp_path / "ld.so"
    loader.write_bytes(fixture("linux-arm-v7"))
    dynamic = replace(static, interpreter=str(loader))
    older, newer = (runner(Target(version="313", platform="linux", arch=arch), dynamic, HOST) for arch in ARM)
    assert newer.words == ("/emulators/qemu-arm-static", "-cpu", "cortex-r5f")
    assert older.words == ("/emulators/qemu-arm-static",)
    assert older.how == "run by qemu-arm-static (not as arm1176: the C library here is for a newer processor)"


@pytest.mark.parametrize("platform", ["win", "macos", "freebsd"])
def test_another_system_does_not_run_here(static: Binary, platform: str) -> None:
    target = replace(HOST, platform=platform)
    found = runner(target, static, HOST)
    assert found.how == f"structure only: this machine does not run programs for {target.facts.platform_system}"
