"""``sys.pypkg.mount``, and real paths that lead into the snapshot, in a packaged application."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emulation import command
from fixture_types import Assemble

pytestmark = pytest.mark.base


def test_mounts(base: Path, assemble: Assemble, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("real\n")
    (tmp_path / "plugin.py").write_text("VALUE = 42\n")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "__init__.py").write_text("WHO = 'real'\n")
    done = subprocess.run(
        command(assemble(base, "mounting"), tmp_path),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
