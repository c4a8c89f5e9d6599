"""Descriptors of packaged files: which numbers they get, who reads one memory file, what they are recognised by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import needs
from runtime_build import compile_program

from ..conftest import PROGRAMS, sample_builder


def test_descriptors(tmp_path: Path) -> None:
    program, image_file = tmp_path / "descriptors", tmp_path / "image"
    builder = sample_builder()
    builder.add_file("app/large", b"x" * 200_000)
    image_file.write_bytes(builder.build())
    compile_program(needs.compiler(), program, [PROGRAMS / "descriptors.c"])
    done = subprocess.run([program, image_file], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
