"""Which interpreters may run the compile workers: bytecode depends on the Python version, not on the machine."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pypkg.environment.interpreter import Environment
from pypkg_core.bases.record import Base
from pypkg_core.bases.store import Forge, find_base
from pypkg_core.errors import PypkgError
from pypkg_core.progress import Reporter
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_core.targets.host import host_target, runs_here

__all__ = ["host_bases", "worker_pythons"]


def worker_pythons(
    base: Base, environment: Environment, *, build: bool, reporter: Reporter, forge: Forge
) -> Iterator[Path]:
    """Yield what may run the workers, best first, each once; some may be missing or of another version.

    First the target's base if this machine runs it, then a base for this machine of the same Python version, from the
    cache or the release, then installed interpreters. A base for this machine is forged only if there is none
    and nothing else served.

    Args:
        base: of the target.
        environment: the project's.
        build: whether nothing is downloaded.
        reporter: gets progress of a download or of the forge.
        forge: makes a base.

    Raises:
        PypkgError: a base in the cache is damaged, or forging failed.
    """
    seen: set[Path] = set()
    for path in _candidates(base, environment, build=build, reporter=reporter, forge=forge):
        absolute = path.absolute()
        if absolute not in seen:
            seen.add(absolute)
            yield absolute


def _candidates(
    base: Base, environment: Environment, *, build: bool, reporter: Reporter, forge: Forge
) -> Iterator[Path]:
    host = _host(base.target)
    known = {base.target}
    if host is None or runs_here(base.target, host):
        yield base.path
    if host is not None:
        for target in _runnable(host):
            found = find_base(target, download=False, reporter=reporter)
            if found is not None:
                known.add(target)
                yield found.path
        if host not in known and not build:
            found = find_base(host, download=True, reporter=reporter)
            if found is not None:
                known.add(host)
                yield found.path
    yield Path(sys.executable)
    yield environment.python
    if (program := shutil.which(f"python{base.target.series}")) is not None:
        yield Path(program)
    if host is not None and host not in known and host.build is not None:
        yield forge(host, reporter).path


def host_bases(target: Target, *, reporter: Reporter, forge: Forge) -> Iterator[Path]:
    """Yield bases of a target's Python version that run on this machine; one is forged if there is none.

    Raises:
        PypkgError: a base in the cache is damaged, or forging failed.
    """
    host = _host(target)
    if host is None:
        return
    known = False
    for other in _runnable(host):
        found = find_base(other, download=other == host, reporter=reporter)
        if found is not None:
            known = True
            yield found.path
    if not known and host.build is not None:
        yield forge(host, reporter).path


def _host(target: Target) -> Target | None:
    """Return this machine as a target of the same Python version, ``None`` if no base runs here."""
    try:
        host = replace(host_target(), version=target.version)
        _ = host.machine
    except PypkgError:
        return None
    return host


def _runnable(host: Target) -> list[Target]:
    """Return the targets that this machine can run, the host first."""
    others = [replace(host, platform=platform) for platform, arch in catalogue().machines if arch == host.arch]
    return [host, *(other for other in others if other != host and runs_here(other, host))]
