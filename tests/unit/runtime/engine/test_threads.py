"""The runtime, used by 64 threads and by children they fork, with and without ThreadSanitizer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import needs
from pypkg_core.image import Codec
from runtime_build import compile_program, has_codecs

from ..conftest import PROGRAMS, sample_builder

PROBE = "int main(void) { return 0; }\n"


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A compiler whose ThreadSanitizer works here: it needs a certain layout of the address space."""
    name = needs.compiler()
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(PROBE)
    built = subprocess.run([name, "-fsanitize=thread", "-o", folder / "probe", folder / "probe.c"], check=False)
    if built.returncode != 0 or subprocess.run([folder / "probe"], check=False).returncode != 0:
        needs.unmet("ThreadSanitizer does not work here", "Use a compiler that has it")
    return name


@pytest.mark.parametrize("options", [["-fsanitize=thread"], ["-O2"]], ids=["sanitized", "plain"])
def test_threads_and_forks(compiler: str, tmp_path: Path, options: list[str]) -> None:
    program, image_file = tmp_path / "threads", tmp_path / "image"
    builder = sample_builder()
    for codec in (Codec.GZIP, Codec.BROTLI, Codec.ZSTD):
        builder.add_file(f"app/{codec.name.lower()}", b"x" * 2000, codec=codec)
    image_file.write_bytes(builder.build())
    sources = [PROGRAMS / "threads.c"]
    compile_program(compiler, program, sources, options, codecs=has_codecs(compiler, tmp_path))
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "in").write_text("real\n")
    # A descriptor of the program is opened again while another thread may close it, and checked afterwards.
    suppressions = tmp_path / "suppressions"
    suppressions.write_text("race:pypkg_fd_share\n")
    done = subprocess.run(
        [program, image_file, tmp_path / "cache", tmp_path / "real"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TSAN_OPTIONS": f"die_after_fork=0:suppressions={suppressions}:print_suppressions=0"},
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
