"""Descriptors of packaged files: which numbers they get, who reads one memory file, what they are recognised by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from runtime_build import compile_program

from ..conftest import PROGRAMS, sample_builder


@pytest.mark.parametrize("refused", [False, True])
def test_descriptors(tmp_path: Path, refused: bool) -> None:
    program, image_file = tmp_path / "descriptors", tmp_path / "image"
    builder = sample_builder()
    builder.add_file("app/large", b"x" * 200_000)
    image_file.write_bytes(builder.build())
    compile_program(needs.compiler(), program, [PROGRAMS / "descriptors.c"])
    done = subprocess.run(
        [program, image_file, *([tmp_path] if refused else [])],
        check=False,
        capture_output=True,
        text=True,
        env={"TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
