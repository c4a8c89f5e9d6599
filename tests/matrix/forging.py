"""Forging the base of one target, with the processor time that it takes."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matrix.cell import Forging, Made, Share
from pypkg_core.bases.record import Base, find_built, manifest_path, read_manifest
from pypkg_core.cache import forge_dir
from pypkg_core.errors import PypkgError
from pypkg_core.progress import Reporter
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.assembly.host_python import host_python_folder
from pypkg_forge.driver.build import build
from pypkg_forge.driver.recipe import make_recipe, recorded_choices
from pypkg_forge.verify.verify import verify_base

__all__ = ["Forged", "forge"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Forged:
    """The base of a target.

    Attributes:
        made: what is recorded of it.
        cost: ``None`` if it was up to date.
        objects: the key of its objects.
    """

    base: Base
    made: Made
    cost: Forging | None
    objects: str


@dataclass(slots=True)
class _Clock:
    """Processor time of this process and of the programs that it waited for, in seconds."""

    seconds: float = 0.0


@contextmanager
def _processor_time() -> Iterator[_Clock]:
    clock, before = _Clock(), _used()
    yield clock
    clock.seconds = _used() - before


def _used() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def forge(target: Target, known: Made | None, *, source: Path | None, force: bool, reporter: Reporter) -> Forged:
    """Forge the base of a target unless it is up to date, and verify it.

    Args:
        known: a base that was verified before; the same one is verified again only if it did not run then.
        source: a directory of archives.
        force: compile everything again.
        reporter: gets each step.

    Raises:
        UnavailableError: an archive cannot be had.
        PypkgError: a step failed, or the base is not valid.
    """
    present, started = _stamp(find_built(target)), time.time()
    with _processor_time() as clock:
        base = build(target, source=source, force=force, progress=reporter)
    manifest = read_manifest(base.path)
    choices = recorded_choices(target, manifest) if manifest is not None else None
    if manifest is None or choices is None:
        raise PypkgError(f"The manifest of {base.path} is missing or of other pins")
    recipe = make_recipe(target, choices, zig=str(manifest["zig"]))
    cost = None
    if _stamp(base) != present:
        cost = Forging(
            objects=recipe.objects_key,
            core_minutes=round(clock.seconds / 60, 2),
            dependencies=_compiled_dependencies(target, started),
            host_python=_is_since(host_python_folder(base.version) / "made-from", started),
        )
    key = str(manifest["key"])
    if known is None or not known.runs or (known.key, known.sha256) != (key, base.sha256):
        known = Made(
            key=key,
            release=base.version,
            size=base.path.stat().st_size,
            sha256=base.sha256,
            verified=verify_base(base.path, target).how,
        )
    return Forged(base=base, made=known, cost=cost, objects=recipe.objects_key)


def _stamp(base: Base | None) -> tuple[str, int] | None:
    """Return what changes with each forge of a base."""
    if base is None or not manifest_path(base.path).is_file():
        return None
    return base.version, manifest_path(base.path).stat().st_mtime_ns


def _compiled_dependencies(target: Target, started: float) -> Share:
    folder = forge_dir() / f"{target.platform}-{target.arch}" / "dependencies" / "stamps"
    since = {_is_since(stamp, started) for stamp in folder.glob("*")}
    if since == {True}:
        return "all"
    return "some" if True in since else "none"


def _is_since(path: Path, started: float) -> bool:
    return path.is_file() and path.stat().st_mtime >= started
