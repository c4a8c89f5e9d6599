"""Wheels for another target: kept by hash, asked for once."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from pypkg.environment import wheels
from pypkg.environment.distributions import Installed
from pypkg_core.targets.catalogue import Target

TARGET = Target(version="313", platform="linux", arch="x64")


def make_wheel(directory: Path) -> None:
    """Write a wheel with one file in each directory that a wheel may use."""
    with zipfile.ZipFile(directory / "Demo_Pkg-1.0-cp313-cp313-manylinux_2_17_x86_64.whl", "w") as archive:
        files = ["demo/__init__.py", "Demo_Pkg-1.0.data/platlib/demo/fast.so", "Demo_Pkg-1.0.dist-info/METADATA"]
        for name in files:
            archive.writestr(name, "Name: Demo_Pkg\nVersion: 1.0\n")
        program = zipfile.ZipInfo("demo/bin/tool")
        program.external_attr = 0o100755 << 16
        archive.writestr(program, "#!/bin/sh\n")
        archive.writestr("Demo_Pkg-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))


def test_a_wheel_is_unpacked_and_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[tuple[str, str]]] = []

    def download(wanted: Sequence[tuple[str, str]], target: Target, directory: Path, python: Path) -> str:
        asked.append(wanted)
        make_wheel(directory)
        return "No matching distribution found for other==2.0"

    monkeypatch.setattr(wheels, "_download", download)
    first = wheels.fetch([("demo-pkg", "1.0"), ("other", "2.0")], TARGET, cache=tmp_path, python=Path("python"))
    assert set(first.directories) == {"demo-pkg"}
    assert "other==2.0" in first.problem
    directory = first.directories["demo-pkg"]
    assert len(directory.name) == 64
    assert Installed([directory]).owner(directory, "demo/fast.so").name == "demo-pkg"
    assert (directory / "demo/fast.so").is_file()
    assert (directory / "demo/bin/tool").stat().st_mode & 0o777 == 0o755
    assert (directory / "demo/__init__.py").stat().st_mode & 0o111 == 0
    second = wheels.fetch([("demo-pkg", "1.0")], TARGET, cache=tmp_path, python=Path("python"))
    assert second == wheels.Fetched(first.directories, "")
    assert len(asked) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_pip_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str]) -> str:
        commands.append(command)
        return "no network" if "a==1" in command else ""

    monkeypatch.setattr(wheels, "_run", run)
    monkeypatch.setattr(wheels, "_pip", lambda _: ["pip"])
    found = wheels.fetch([("a", "1"), ("b", "2")], TARGET, cache=tmp_path, python=Path("python"))
    assert found == wheels.Fetched({}, "no network")
    assert [command[-1] for command in commands] == ["b==2", "a==1", "b==2"]
    assert {"--only-binary=:all:", "--no-deps", "3.13", "cp313", "manylinux_2_17_x86_64"} <= set(commands[0])
