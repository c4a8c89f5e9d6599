"""The environment of the commands of a build, made here and nowhere else: what the caller has set reaches no step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["SYSTEM_PATH", "step_environment"]

# Where every step finds the programs of the system, whatever the caller's PATH is.
SYSTEM_PATH: Final = os.pathsep.join(("/usr/bin", "/bin", "/usr/sbin", "/sbin"))

# Passed on: where temporary files can be written does not change what a step makes.
_PASSED: Final = ("TMPDIR",)

_FIXED: Final = {
    "LC_ALL": "C",
    "TZ": "UTC",
    # configure scripts read site defaults from this file instead of <prefix>/share/config.site.
    "CONFIG_SITE": "/dev/null",
    # The machine's pkg-config finds nothing: its libraries are not the target's.
    "PKG_CONFIG_LIBDIR": "/nonexistent",
    # Python writes sets in an order that depends on this number; the user's site-packages stay out.
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}


def step_environment(*folders: Path, epoch: int, callers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a step.

    Args:
        folders: directories in front of the system's on PATH.
        epoch: the date of everything that is made, in seconds since 1970.
        callers: the caller's environment, by default that of this process.
    """
    given = os.environ if callers is None else callers
    return {
        **{name: given[name] for name in _PASSED if name in given},
        **_FIXED,
        "PATH": os.pathsep.join((*map(str, folders), SYSTEM_PATH)),
        "SOURCE_DATE_EPOCH": str(epoch),
    }
