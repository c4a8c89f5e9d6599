"""`pypkg-forge build`: from a target to a verified base in the cache."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pypkg_core.atomic import atomic_write
from pypkg_core.bases.record import Base, find_built, manifest_path, read_manifest, sha256_path, write_sha256
from pypkg_core.cache import base_dir, base_name, forge_dir, locked, resolved_file
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.hashing import file_sha256
from pypkg_core.progress import QUIET, Reporter
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.assembly.workshop import Workshop, image_manifest
from pypkg_forge.driver.recipe import Choice, make_recipe, recorded_choices, sources, why_not
from pypkg_forge.sources.fetch import Fetcher, Source
from pypkg_forge.sources.origins import default_origins
from pypkg_forge.sources.trees import source_tree
from pypkg_forge.toolchain.programs import check_programs
from pypkg_forge.toolchain.run import Log, open_log
from pypkg_forge.toolchain.wrappers import find_toolchain
from pypkg_forge.verify.attributes import check_libraries
from pypkg_forge.verify.verify import verify_base

__all__ = ["build", "fetch_sources", "job_count"]


def job_count(jobs: int | None) -> int:
    """Return the number of processes of a build: ``jobs``, ``MAKE_JOB_COUNT``, or the number of processors.

    Raises:
        UsageError: it is not a positive number.
    """
    if jobs is None:
        text = os.environ.get("MAKE_JOB_COUNT", "")
        if not text:
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if not text.isdecimal():
            raise UsageError(f"MAKE_JOB_COUNT: expected a positive integer, got '{text}'")
        jobs = int(text)
    if jobs < 1:
        raise UsageError(f"Number of jobs: expected a positive integer, got {jobs}")
    return jobs


def build(
    target: Target,
    *,
    output: Path | None = None,
    source: Path | None = None,
    jobs: int | None = None,
    force: bool = False,
    progress: Reporter = QUIET,
) -> Base:
    """Build the base of ``target``, unless the cache has one from the same sources, patches, flags and forge.

    Args:
        output: a directory that gets a copy of the base and of its side files.
        source: a directory of source archives, tried before the network.
        jobs: number of processes; see `job_count`.
        force: build everything again, from the newest sources that an origin has.
        progress: gets each step.

    Raises:
        PypkgError: the target cannot be built here, sources are unavailable, a step failed, or the result is not
            valid. The cache is then unchanged.
    """
    jobs = job_count(jobs)
    reason = why_not(target)
    if reason is not None:
        raise PypkgError(f"Cannot build {target}: {reason}", hint="`pypkg-forge list` shows what can be built")
    with locked(forge_dir() / f"{target.platform}-{target.arch}", waiting=progress.say):
        base = None if force else _up_to_date(target, progress)
        if base is None:
            with open_log(f"build-{target}") as log:
                base = _forge(target, source=source, jobs=jobs, force=force, reporter=progress, log=log)
    if output is not None:
        _copy_out(base, output)
        progress.say(f"Copied to {output / base.path.name}")
    return base


def _up_to_date(target: Target, reporter: Reporter) -> Base | None:
    base = find_built(target)
    if base is None:
        return None
    manifest = read_manifest(base.path)
    choices = recorded_choices(target, manifest) if manifest is not None else None
    if manifest is None or choices is None:
        return None
    try:
        zig = find_toolchain().version
    except PypkgError:
        zig = str(manifest.get("zig"))  # nothing here could build it again
    recipe = make_recipe(target, choices, zig=zig)
    if manifest.get("key") != recipe.key or not base.is_intact():
        return None
    reporter.say(f"{target}: Python {base.version} is up to date: {base.path}")
    return base


def _forge(target: Target, *, source: Path | None, jobs: int, force: bool, reporter: Reporter, log: Log) -> Base:
    toolchain = find_toolchain()
    check_programs(tcl=False)
    archives = fetch_sources(target, source=source, fresh=force, reporter=reporter)
    python = archives["python"]
    sqlite = archives.get("sqlite")
    check_programs(tcl=sqlite is not None and "autoconf" not in sqlite.path.name)
    newest = sources(target)["python"][0].version
    note = "" if python.pin.version == newest else f" (newest pinned: {newest})"
    reporter.say(f"{target}: Python {python.pin.version}{note}")
    choices = {
        name: Choice(name=name, version=found.pin.version, sha256=found.sha256) for name, found in archives.items()
    }
    recipe = make_recipe(target, choices, zig=toolchain.version)
    # Computed before the compilation: an edit in the meantime must cause the next run to build again.
    key = recipe.key
    trees = {
        name: source_tree(found, series=target.series if name == "python" else None, reporter=reporter, log=log.write)
        for name, found in archives.items()
    }
    shop = Workshop(recipe=recipe, trees=trees, toolchain=toolchain, jobs=jobs, log=log, reporter=reporter)
    log.write(f"pypkg-forge: {target}, Python {python.pin.version}, zig {toolchain.version}, key {key}")
    if force:
        for folder in (shop.python_folder, shop.machine_folder / "dependencies", shop.machine_folder / "prefix-key"):
            shutil.rmtree(folder, ignore_errors=True)
            if folder.is_file():
                folder.unlink()
    shop.make_tools()
    shop.make_dependencies()
    shop.make_python()
    base = _publish(shop, archives, key)
    reporter.say(f"{target}: {base.path} ({base.path.stat().st_size / 1e6:.1f} MB, log {log.path})")
    return base


def _publish(shop: Workshop, archives: Mapping[str, Source], key: str) -> Base:
    recipe = shop.recipe
    target = recipe.target
    path = base_dir() / base_name("built", recipe.python.version, target.platform, target.arch)
    candidate = shop.python_folder / path.name
    shop.make_base(candidate)
    with shop.reporter.stage("Verifying"):
        check_libraries([*sorted(shop.prefix.glob("lib/*.a")), *sorted(shop.python_folder.rglob("*.a"))], target)
        report = verify_base(candidate, target)
    sha256 = file_sha256(candidate)
    manifest = {
        **image_manifest(recipe),
        "key": key,
        "size": candidate.stat().st_size,
        "sha256": sha256,
        "needed": list(report.needed),
        "verified": report.how,
        "minimum": str(report.minimum) if report.minimum is not None else None,
        "sources": {name: {"version": found.pin.version, "sha256": found.sha256} for name, found in archives.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # The hash is removed first and written last: without it, an interrupted build counts as absent.
    sha256_path(path).unlink(missing_ok=True)
    with atomic_write(manifest_path(path)) as out:
        out.write(json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
    with atomic_write(path, 0o755) as out, candidate.open("rb") as stream:
        shutil.copyfileobj(stream, out, 1 << 20)
    write_sha256(path, sha256)
    candidate.unlink()
    return Base(path=path, version=recipe.python.version, target=target, origin="built", sha256=sha256)


@dataclass(slots=True)
class _Resolved:
    """The releases that the last build used. They are used again unless ``--force`` or ``--source`` is given, so that
    repeated builds need no network and do not change their Python."""

    versions: dict[str, str]

    @staticmethod
    def load() -> _Resolved:
        try:
            found = json.loads(resolved_file().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        return _Resolved({str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {})

    def save(self) -> None:
        path = resolved_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as out:
            out.write(json.dumps(self.versions, indent=2, sort_keys=True).encode() + b"\n")


def fetch_sources(
    target: Target, *, source: Path | None, fresh: bool = False, reporter: Reporter = QUIET
) -> dict[str, Source]:
    """Get the archives of a target into the cache; return them by name: "python" and its dependencies.

    Args:
        source: a directory of archives; with one, every origin is tried again.
        fresh: try every origin for the newest pinned release, instead of using the last release again.

    Raises:
        UnavailableError: no origin has one of them.
    """
    fetcher = Fetcher(origins=default_origins(source), reporter=reporter)
    resolved = _Resolved.load()
    found: dict[str, Source] = {}
    for name, pins in sources(target).items():
        label = f"{name}-{target.series}" if name == "python" else name
        kept = [pin for pin in pins if pin.version == resolved.versions.get(label)]
        cached = fetcher.cached(kept[0]) if kept and not fresh and source is None else None
        found[name] = cached or fetcher.fetch_first(f"Python {target.series}" if name == "python" else name, pins)
        resolved.versions[label] = found[name].pin.version
    resolved.save()
    return found


def _copy_out(base: Base, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, mode in ((base.path, 0o755), (sha256_path(base.path), 0o644), (manifest_path(base.path), 0o644)):
            with atomic_write(folder / path.name, mode) as out, path.open("rb") as stream:
                shutil.copyfileobj(stream, out, 1 << 20)
    except OSError as error:
        raise PypkgError(f"Cannot copy the base to {folder}: {error.strerror or error}") from error
