"""The corpus of the fuzz harnesses, each input run once with the sanitizers of this machine's compiler."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import needs
from runtime_build import has_codecs

from .harnesses import HARNESSES, SANITIZERS, compile_harness

CANNOT_RUN = 77


@pytest.fixture(scope="module")
def compiler() -> str:
    return needs.compiler()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("harnesses")


@pytest.mark.parametrize("name", HARNESSES)
def test_corpus(name: str, compiler: str, folder: Path, tmp_path: Path) -> None:
    harness = HARNESSES[name]
    codecs = has_codecs(compiler, folder)
    program = compile_harness(harness, compiler, folder, options=SANITIZERS, fuzzer=False, codecs=codecs)
    for seed, data in harness.seeds().items():
        (tmp_path / seed).write_bytes(data)
    kept, made = (len(list(inputs.iterdir())) for inputs in (harness.folder, tmp_path))
    done = subprocess.run(
        [program, harness.folder, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1"},
        timeout=300,
    )
    if done.returncode == CANNOT_RUN:
        needs.privilege("a root directory of its own", done.stderr.strip())
    assert (done.returncode, done.stdout) == (0, f"{kept + made} inputs\n"), done.stderr
    assert kept > 0 and made > 0
