"""The core can be imported on every system that Python runs on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pypkg_core

# Imports everything, then the core again without these modules and functions, as on a system that is not POSIX.
PROGRAM = """
import importlib, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
for name in sys.argv[1:]:
    del sys.modules[name]
for name in ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
for name in ("fork", "geteuid", "getuid", "mkfifo", "sched_getaffinity", "sysconf", "uname"):
    delattr(os, name)
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_can_be_imported_without_posix() -> None:
    root = Path(pypkg_core.__file__).parent
    modules = sorted(path.relative_to(root.parent).with_suffix("").as_posix() for path in root.rglob("*.py"))
    names = [name.removesuffix("/__init__").replace("/", ".") for name in modules]
    assert "pypkg_core.targets.parse" in names
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
