"""Programs with more rights than their caller: set-user-ID of root, started by somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import needs

__all__ = ["SOMEBODY", "installed", "run_as_somebody"]

SOMEBODY: Final = 65534
TIMEOUT_SECONDS: Final = 120


@contextmanager
def installed(program: Path) -> Iterator[Path]:
    """Give a copy of a program that is set-user-ID of root, in a folder that everybody can enter; remove it then."""
    needs.root("to make a program set-user-ID")
    with tempfile.TemporaryDirectory(prefix="pypkg-set-user-id-", dir="/tmp") as name:
        folder = Path(name)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            needs.privilege("running a set-user-ID program", f"{folder} is mounted nosuid")
        if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text():
            needs.privilege("running a set-user-ID program", "this process has no_new_privs set")
        folder.chmod(0o755)
        copy = Path(shutil.copyfile(program, folder / program.name))
        copy.chmod(0o4755)
        yield copy


def run_as_somebody(program: Path, *arguments: str | Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program as a user without rights, with exactly this environment, and wait for it."""
    return subprocess.run(
        [program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=env,
        cwd="/",
        user=SOMEBODY,
        group=SOMEBODY,
        extra_groups=[],
        timeout=TIMEOUT_SECONDS,
    )
