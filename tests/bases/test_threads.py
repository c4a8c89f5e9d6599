"""64 threads of a packaged program, and the children that they fork, use the snapshot at the same time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emulation import command
from fixture_types import Assemble

pytestmark = pytest.mark.base


def test_threads_and_forks(base: Path, assemble: Assemble) -> None:
    done = subprocess.run(
        command(assemble(base, "threads")),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
