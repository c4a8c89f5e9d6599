"""What a base reports about itself is compared with the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_forge.verify.verify import CHECK_SCRIPT, run_check

TARGET = Target(version="313", platform="linux", arch="x64")
SUFFIXES = [".cpython-313-x86_64-linux-gnu.so", ".abi3.so", ".so"]


def base_that_reports(folder: Path, **facts: object) -> Path:
    """Write a program that answers as a base does; it keeps what it was asked."""
    report = {"python": "3.13.5", "openssl": "3", "sqlite": "3", "addons": SUFFIXES, **facts}
    path = folder / "base"
    path.write_text(f"#!/bin/sh\nprintf %s \"$3\" > '{folder}/asked'\necho '{json.dumps(report)}'\n")
    path.chmod(0o755)
    return path


def test_it_is_asked_for_the_modules_of_its_target(tmp_path: Path) -> None:
    assert run_check(base_that_reports(tmp_path), TARGET, "3.13.5")["addons"] == SUFFIXES
    asked = json.loads((tmp_path / "asked").read_text())
    assert asked["library"] == "/snapshot/lib/python3.13"
    assert {"zlib", "fcntl", "_interpreters"} <= set(asked["extension_modules"])
    assert not {"winreg", "audioop"} & set(asked["extension_modules"])


def test_an_emulator_is_given_the_base_and_its_arguments(tmp_path: Path) -> None:
    emulator = tmp_path / "emulator"
    emulator.write_text(f'#!/bin/sh\nprintf %s "$1 $2" > \'{tmp_path}/emulated\'\nexec "$@"\n')
    emulator.chmod(0o755)
    base = base_that_reports(tmp_path)
    assert run_check(base, TARGET, "3.13.5", [str(emulator)])["addons"] == SUFFIXES
    assert (tmp_path / "emulated").read_text() == f"{base} -c"
    assert (tmp_path / "asked").exists()


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"addons": []}, "loads addons with the suffixes [], expected .cpython-313-x86_64-linux-gnu.so, .abi3.so, .so"),
        ({"addons": [".cpython-313.so", ".abi3.so", ".so"]}, "loads addons with the suffixes ['.cpython-313.so'"),
        ({"python": "3.13.4"}, "runs another Python than its manifest says: expected 3.13.5"),
    ],
)
def test_another_answer_than_that_of_the_table(tmp_path: Path, facts: dict[str, object], problem: str) -> None:
    with pytest.raises(PypkgError) as caught:
        run_check(base_that_reports(tmp_path, **facts), TARGET, "3.13.5")
    assert problem in str(caught.value)


def test_a_missing_extension_module_fails_the_check() -> None:
    expected = {"extension_modules": ["sys", "_no_such_module"], "library": "/snapshot/lib/python3.13"}
    command: list[str | Path] = [sys.executable, "-c", CHECK_SCRIPT.read_text(encoding="utf-8"), json.dumps(expected)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "failed: _no_such_module is a builtin\n")
