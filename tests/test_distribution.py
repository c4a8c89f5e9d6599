"""pytest-xdist keeps the tests of one group in one process, so that each fixture is made once for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GROUPS = ("first", "second", "third")
# Each test leaves its group and its process: tests of a group that ran in two processes made the fixture twice.
TESTS = f"""
import os
from pathlib import Path

import pytest

SEEN = Path(__file__).parent / "seen"


@pytest.fixture(scope="session")
def made_once():
    return os.getpid()


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("group", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in {GROUPS!r}])
def test_leaves_its_process(group, number, made_once):
    assert made_once == os.getpid()
    (SEEN / f"{{group}}-{{number}}").write_text(str(made_once))
"""


def test_tests_of_one_group_share_a_process(tmp_path: Path) -> None:
    (tmp_path / "test_groups.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    seen = tmp_path / "seen"
    seen.mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup"]
    done = subprocess.run([*command, tmp_path], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(seen.iterdir())) == 4 * len(GROUPS)
    processes = {group: {file.read_text() for file in seen.glob(f"{group}-*")} for group in GROUPS}
    assert {group: len(found) for group, found in processes.items()} == dict.fromkeys(GROUPS, 1)
    assert len(set[str]().union(*processes.values())) == 2, "both processes got tests"
