"""The host Python: the interpreter of a base's exact release that runs on this machine.

It freezes CPython's modules, writes sysconfig's data and compiles the standard library, so that nothing of a target
runs while its base is built. All targets of a release share it. A base cannot serve instead: CPython's Makefile steers
its helper through ``PYTHONPATH`` and ``_PYTHON_*``, which a base ignores.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.cache import forge_dir, locked
from pypkg_core.progress import Reporter
from pypkg_forge.toolchain.run import Log

__all__ = ["HOST_PYTHON", "host_python_folder", "make_host_python"]

HOST_PYTHON: Final = "pypkg-python"
"""The name by which build steps find it; unlike its path, the name may be recorded in a base."""

# What the build steps import beyond CPython's core: `pickle` for lib2to3's grammars, `tempfile`, identifiers that are
# not ASCII, `json`.
_MODULES: Final = frozenset(
    {"_bisect", "_json", "_pickle", "_random", "_sha2", "_sha512", "_struct", "math", "unicodedata"}
)
_CONFIGURE: Final = (
    "--prefix=/pypkg/host",
    "--disable-shared",
    "--disable-test-modules",
    "--without-ensurepip",
    "CC=pypkg-host-cc",
    "CXX=pypkg-host-cc",
    "AR=pypkg-ar",
    "RANLIB=pypkg-ranlib",
    "PKG_CONFIG=false",
    "CFLAGS=-g0 -Wno-date-time",
    "OPT=-DNDEBUG -fwrapv -O2",
)
_COMPILER_CALLS: Final = 190


def host_python_folder(version: str) -> Path:
    """Return the build directory of the host Python of a release ("3.13.15")."""
    return forge_dir() / "host" / f"python-{version}"


def make_host_python(
    version: str,
    *,
    key: str,
    tree: Path,
    environment: Mapping[str, str],
    jobs: int,
    log: Log,
    reporter: Reporter,
) -> Path:
    """Build the host Python of a release unless it is there; return the interpreter.

    Args:
        version: "3.13.15".
        key: a hash of what it is made from; another key, folder of sources, or option builds it again.
        tree: the patched sources.
        environment: that of its steps.

    Raises:
        PypkgError: a step failed.
    """
    folder = host_python_folder(version)
    python = folder / "python"
    stamp = folder / "made-from"
    # The interpreter finds the standard library in the folder of its sources.
    made_from = "\n".join((key, str(tree), *_CONFIGURE, *sorted(_MODULES)))
    with locked(folder, waiting=reporter.say):
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from and python.is_file():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with reporter.stage(f"CPython {version} for this machine") as stage:
            log.run(
                [tree / "configure", *_CONFIGURE],
                what="configure the host Python",
                environment=environment,
                folder=folder,
            )
            stdlib = (folder / "Modules" / "Setup.stdlib").read_text(encoding="utf-8")
            (folder / "Modules" / "Setup.local").write_text(_setup(stdlib), encoding="utf-8")
            log.run(
                ["make", f"-j{jobs}", "python", "pybuilddir.txt"],
                what="compile the host Python",
                environment=environment,
                folder=folder,
                stage=stage,
                expected=_COMPILER_CALLS,
            )
        with atomic_write(stamp) as out:
            out.write(made_from.encode())
    return python


def _setup(stdlib: str) -> str:
    """Return the lines of CPython's ``Setup.stdlib`` for the modules that are needed, as builtin modules."""
    lines = [line for line in stdlib.splitlines() if line.split(maxsplit=1)[:1] and line.split()[0] in _MODULES]
    return "\n".join(["*static*", *lines, ""])
