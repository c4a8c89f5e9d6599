"""What a test needs from the machine: this is the one module that decides between skipping and failing.

An unmet need skips the test and says what to install. With ``PYPKG_TESTS_COMPLETE=1``, which ``.ci/run`` sets, it fails
the test instead: where everything is supposed to run, nothing may be missing unnoticed.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import pytest

from pypkg_core.errors import UnavailableError

__all__ = [
    "COMPLETE",
    "compiler",
    "host",
    "index",
    "module",
    "other_host",
    "privilege",
    "root",
    "sources",
    "tool",
    "tools",
    "unmet",
]

COMPLETE: Final = "PYPKG_TESTS_COMPLETE"

# Debian's package of each tool; a tool that is not listed has the name of its package.
_PACKAGES: Final = {
    "ar": "binutils",
    "cc": "gcc",
    "chroot": "coreutils",
    "gcov": "gcc",
    "mount": "mount",
    "objcopy": "binutils",
    "qemu-aarch64-static": "qemu-user-static",
    "qemu-arm-static": "qemu-user-static",
    "qemu-x86_64-static": "qemu-user-static",
    "readelf": "binutils",
    "strip": "binutils",
    "unshare": "util-linux",
}
# Where Debian keeps the tools of the administrator, which are not on every user's PATH.
_SYSTEM_FOLDERS: Final = "/usr/sbin:/sbin"
_UNREACHABLE: Final = ("Failed to establish a new connection", "name resolution", "Network is unreachable")


def unmet(problem: str, remedy: str) -> NoReturn:
    """Skip the running test, or fail it where nothing may be missing.

    Args:
        problem: what is missing: "strace is not installed".
        remedy: what to do about it: "Debian: apt-get install strace".
    """
    if os.environ.get(COMPLETE, "0") not in {"", "0"}:
        pytest.fail(f"{problem}. {remedy}. ({COMPLETE} is set: a test may not be skipped for this.)", pytrace=False)
    pytest.skip(f"{problem}. {remedy}")


def tool(name: str) -> str:
    """Return the path of a program of this machine."""
    found = shutil.which(name) or shutil.which(name, path=_SYSTEM_FOLDERS)
    if found is None:
        unmet(f"{name} is not installed", f"Debian: apt-get install {_PACKAGES.get(name, name)}")
    return found


def tools(*names: str) -> None:
    """Require several programs of this machine."""
    for name in names:
        tool(name)


def compiler() -> str:
    """Return the C compiler of this machine: ``$CC``, cc, gcc or clang."""
    found = os.environ.get("CC") or next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        unmet("No C compiler is installed", "Debian: apt-get install gcc, or set CC")
    return found


def module(name: str, extra: str = "forge") -> None:
    """Require a Python module that comes with one of pypkg's extras."""
    if importlib.util.find_spec(name) is None:
        unmet(f"The Python module {name} is not installed", f"pip install '.[{extra}]'")


def root(purpose: str) -> None:
    """Require the rights of root.

    Args:
        purpose: what they are for: "to create files of another user".
    """
    if os.geteuid() != 0:
        privilege(f"root is needed {purpose}", "the tests run as another user")


def privilege(purpose: str, problem: str) -> NoReturn:
    """Report a right that the tests do not have here.

    Args:
        purpose: what it is for: "mounting a file system".
        problem: what the attempt said.
    """
    unmet(f"{purpose}: not permitted here: {problem}", "Run the tests as root; in a container, with --privileged")


def index(result: subprocess.CompletedProcess[str]) -> None:
    """Require that pip reached the package index; any other failure fails the test.

    Args:
        result: what pip said, as text.
    """
    if result.returncode == 0:
        return
    if any(words in result.stderr for words in _UNREACHABLE):
        last = result.stderr.strip().splitlines()[-1]
        unmet(
            f"The package index is unreachable: {last}",
            "Connect to a network, or leave out the tests with the marker index (CONTRIBUTING.md, 'Tests')",
        )
    pytest.fail(f"{result.args} failed:\n{result.stderr}", pytrace=False)


@contextmanager
def sources(what: str, *, kept: bool) -> Iterator[None]:
    """Require that an origin has the source archives which the block asks for.

    Args:
        what: whose archives: "py314-linux-x64".
        kept: whether Debian keeps them. Others are out of reach of machines without a mirror, where nothing could be
            installed for the test: it is then skipped and never fails.
    """
    try:
        yield
    except UnavailableError as error:
        reason = f"No origin has the sources of {what}: {str(error).splitlines()[0]}"
        if kept:
            unmet(reason, "Connect to a network, or set PYPKG_SOURCE_MIRROR")
        pytest.skip(reason)


def host(system: str, machine: str | None = None) -> None:
    """Require a kind of machine.

    Args:
        system: as ``sys.platform`` says it: "linux".
        machine: as ``platform.machine()`` says it: "x86_64"; any if left out.
    """
    if sys.platform != system or machine not in {None, platform.machine()}:
        other_host(f"a test for {system} on {machine or 'any processor'}")


def other_host(reason: str) -> NoReturn:
    """Skip a test that does not apply to this kind of machine; nothing could be installed, so this never fails."""
    pytest.skip(f"{reason} (here: {sys.platform} on {platform.machine()})")
