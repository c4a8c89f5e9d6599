"""Environments that are made for an application, and the interpreters that they are made of."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pypkg.environment.made import make_environment
from pypkg.environment.resolution import Resolution
from pypkg.pipeline.worker_pythons import host_bases
from pypkg_core.bases.store import Forge
from pypkg_core.cache import environments_dir
from pypkg_core.progress import Reporter
from pypkg_core.targets.catalogue import Target

__all__ = ["make_for"]


def make_for(
    requirements: Sequence[str], target: Target, resolution: Resolution, *, reporter: Reporter, forge: Forge
) -> Path:
    """Return the directory of an environment of this machine for a target's Python series; it is made once.

    Args:
        requirements: what is installed in it.
        target: whose series it has.
        resolution: where distributions come from, and the lock that is obeyed.
        reporter: gets progress.
        forge: makes a base, if there is no other interpreter of the series.

    Raises:
        UsageError: a requirement is malformed.
        PypkgError: it cannot be made.
    """
    return make_environment(
        requirements,
        series=target.series,
        pythons=_pythons(target, reporter, forge),
        index_options=resolution.index.options(),
        lock=resolution.lock,
        cache=environments_dir(),
        progress=reporter,
    )


def _pythons(target: Target, reporter: Reporter, forge: Forge) -> Iterator[Path]:
    """Yield interpreters, those first that have pip and ``venv``."""
    yield Path(sys.executable)
    if (program := shutil.which(f"python{target.series}")) is not None:
        yield Path(program)
    yield from host_bases(target, reporter=reporter, forge=forge)
