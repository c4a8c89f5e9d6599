"""A cache that was moved, or that another installation used, does not stop a build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pypkg_forge.driver.assembly.workshop import discard_foreign_build
from pypkg_forge.toolchain.wrappers import find_toolchain


def configure(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    tools = find_toolchain()
    toolchain = source.parent / "toolchain.cmake"
    toolchain.touch()
    source.mkdir(exist_ok=True)
    (source / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.26)\nproject(a NONE)\n")
    discard_foreign_build(folder, source, toolchain)
    command: list[str | Path] = [
        tools.cmake,
        "-G",
        "Ninja",
        "-S",
        source,
        "-B",
        folder,
        f"-DCMAKE_MAKE_PROGRAM={tools.ninja}",
    ]
    command.append(f"-DCMAKE_TOOLCHAIN_FILE={toolchain}")
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kept", "change"), [(True, "nothing"), (True, "source"), (False, "folder")])
def test_what_another_place_left_is_discarded(kept: bool, change: str, tmp_path: Path) -> None:
    source, folder = tmp_path / "one" / "source", tmp_path / "build"
    source.mkdir(parents=True)
    assert configure(source, folder).returncode == 0
    (folder / "object.o").touch()
    if change == "source":
        source = tmp_path / "two" / "source"
        source.mkdir(parents=True)
    if change == "folder":
        folder = folder.rename(tmp_path / "moved")
    done = configure(source, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "object.o").exists() is kept
