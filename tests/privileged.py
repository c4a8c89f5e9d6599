"""Programs with more rights than their caller, started by somebody else."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import needs

__all__ = ["RIGHTS", "SOMEBODY", "installed", "run_as_somebody"]

SOMEBODY: Final = 65534
# The ways in which a file gives rights: the mode, or the attribute security.capability.
RIGHTS: Final = ("set-user-ID", "set-group-ID", "capabilities")
# struct vfs_cap_data of linux/capability.h, revision 2: CAP_NET_BIND_SERVICE (10), permitted and effective.
_CAPABILITIES: Final = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)
TIMEOUT_SECONDS: Final = 120


@contextmanager
def installed(program: Path, rights: str = "set-user-ID") -> Iterator[Path]:
    """Give a copy of a program with more rights, those of root or one capability, in a folder that everybody can enter.

    It is removed then.
    """
    needs.root("to give a program rights")
    with tempfile.TemporaryDirectory(prefix="pypkg-set-user-id-", dir="/tmp") as name:
        folder = Path(name)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            needs.privilege("running a set-user-ID program", f"{folder} is mounted nosuid")
        if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text():
            needs.privilege("running a set-user-ID program", "this process has no_new_privs set")
        folder.chmod(0o755)
        copy = Path(shutil.copyfile(program, folder / program.name))
        copy.chmod({"set-user-ID": 0o4755, "set-group-ID": 0o2755}.get(rights, 0o755))
        if rights == "capabilities":
            try:
                os.setxattr(copy, "security.capability", _CAPABILITIES)
            except OSError as error:
                needs.privilege("file capabilities", f"{folder}: {error.strerror}")
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
