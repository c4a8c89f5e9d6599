"""The corpus of the fuzz harnesses: each input run once, with this machine's sanitizers, and as 32-bit ARM."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import needs
from machines import NAMES, Machine, find_machine
from runtime_build import has_codecs

from .harnesses import HARNESSES, SANITIZERS, compile_harness

CANNOT_RUN = 77


@pytest.fixture(scope="module", params=NAMES)
def machine(request: pytest.FixtureRequest) -> Machine:
    return find_machine(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("harnesses")


@pytest.mark.parametrize("name", HARNESSES)
def test_corpus(name: str, machine: Machine, folder: Path, tmp_path: Path) -> None:
    harness = HARNESSES[name]
    codecs = has_codecs(machine.compiler, folder, machine.options)
    options = [*machine.options, *(machine.checks or SANITIZERS)]
    program = compile_harness(harness, machine.compiler, folder, options=options, fuzzer=False, codecs=codecs)
    for seed, data in harness.seeds().items():
        (tmp_path / seed).write_bytes(data)
    kept, made = (len(list(inputs.iterdir())) for inputs in (harness.folder, tmp_path))
    done = subprocess.run(
        machine.command(program, harness.folder, tmp_path),
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
