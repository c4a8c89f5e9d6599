"""The core can be imported on every system that Python runs on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import needs
import pypkg_core
from zig_build import compile_for

REPOSITORY: Final = Path(__file__).parents[3]
WINDOWS_CONFIGURATION: Final = Path(__file__).parent / "windows" / "pyconfig.h"
FLAGS: Final = ("-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror")

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


def _sources() -> list[Path]:
    """The C files of pypkg_core._core; without that of os/SYSTEM, which Windows has not."""
    text = (REPOSITORY / "CMakeLists.txt").read_text()
    found = re.search(r"^python_add_library\(_core MODULE WITH_SOABI\n([^)]+)\)$", text, re.MULTILINE)
    assert found is not None
    names = found[1].split()
    system = [name for name in names if "${" in name]
    assert system == ["patches/runtime/os/${system}/paths.c"]
    return [REPOSITORY / name for name in names if name not in system]


def test_extension_compiles_for_windows(tmp_path: Path) -> None:
    """With the headers of this Python, but Windows' pyconfig.h, which stands beside them."""
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        needs.unmet(f"The headers of this Python are not in {headers}", "Debian: apt-get install python3-dev")
    include = tmp_path / "include"
    shutil.copytree(headers, include)
    shutil.copy(WINDOWS_CONFIGURATION, include)
    folders = ["-isystem", str(include), f"-I{REPOSITORY / 'patches' / 'runtime'}"]
    sources = _sources()
    assert {path.name for path in sources} >= {"_coremodule.c", "_marshal.c", "resolve.c", "lookup.c"}
    assert compile_for("x86_64-windows-gnu", [*FLAGS, *folders], sources, tmp_path) == ""
