"""Which interpreters run the compile workers, for targets of this machine and others."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pypkg.environment.interpreter import Environment
from pypkg.pipeline import worker_pythons as module
from pypkg.pipeline.worker_pythons import worker_pythons
from pypkg_core.bases.record import Base
from pypkg_core.bases.store import find_base
from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET, Reporter
from pypkg_core.targets.catalogue import Target

ENVIRONMENT = Environment(
    python=Path("/environment/bin/python"), version=(3, 11, 0), paths=(), prefix=Path("/environment")
)
INSTALLED = [Path(sys.executable), ENVIRONMENT.python, Path("/usr/bin/python3.x")]


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch, target: Target) -> Target:
    """This machine is linux-x64 and has one more Python."""
    monkeypatch.setattr(module, "host_target", lambda: target)
    monkeypatch.setattr(shutil, "which", lambda name: None if name.endswith(".exe") else "/usr/bin/python3.x")
    return target


class Cache:
    """Bases in the cache, none of which can run."""

    def __init__(self, directory: Path, make_base: Callable[..., bytes], release: str) -> None:
        self.directory = directory
        self.forged: list[str] = []
        self._make_base = make_base
        self._release = release

    def add(self, target: Target) -> Path:
        """Put a base for ``target`` into the cache."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"built-{self._release}-{target.platform}-{target.arch}"
        path.write_bytes(self._make_base(name=target.name))
        path.with_name(f"{path.name}.sha256").write_text(f"{'0' * 64}  {path.name}\n")
        return path

    def base(self, target: Target) -> Base:
        """Put a base for ``target`` into the cache and open it."""
        self.add(target)
        found = find_base(target, download=False, reporter=QUIET)
        assert found is not None
        return found

    def forge(self, target: Target, _reporter: Reporter) -> Base:
        """Forge a base."""
        self.forged.append(target.name)
        return self.base(target)

    def pythons(self, base: Base, *, build: bool = False) -> Iterator[Path]:
        """Return what may run the workers."""
        return worker_pythons(base, ENVIRONMENT, build=build, reporter=QUIET, forge=self.forge)


@pytest.fixture
def bases(cache: Path, make_base: Callable[..., bytes], release: str) -> Cache:
    """An empty cache."""
    return Cache(cache, make_base, release)


@pytest.mark.parametrize("platform", ["linux", "linuxstatic"])
def test_a_base_that_this_machine_runs_comes_first(bases: Cache, target: Target, platform: str) -> None:
    base = bases.base(replace(target, platform=platform))
    assert next(bases.pythons(base)) == base.path


@pytest.mark.parametrize(("platform", "arch"), [("linux", "arm64"), ("win", "x64"), ("macos", "arm64")])
def test_for_a_foreign_target_the_hosts_base_comes_first(
    bases: Cache, target: Target, platform: str, arch: str
) -> None:
    foreign = bases.base(replace(target, platform=platform, arch=arch))
    host, static = bases.add(target), bases.add(replace(target, platform="linuxstatic"))
    bases.add(replace(target, platform="linuxstatic", arch="arm64"))
    assert list(bases.pythons(foreign)) == [host, static, *INSTALLED]
    assert bases.forged == []


def test_the_hosts_base_is_downloaded_before_installed_pythons(
    bases: Cache, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = bases.base(replace(target, arch="arm64"))
    asked = []

    def find(wanted: Target, *, download: bool, reporter: Reporter) -> Base | None:
        if download:
            asked.append(wanted)
            return replace(foreign, path=Path("/cache/fetched"), target=wanted)
        return None

    monkeypatch.setattr(module, "find_base", find)
    assert next(bases.pythons(foreign)) == Path("/cache/fetched")
    assert asked == [target]
    assert next(bases.pythons(foreign, build=True)) == INSTALLED[0]
    assert asked == [target], "--build downloads nothing"


def test_the_hosts_base_is_forged_only_when_nothing_else_served(bases: Cache, target: Target) -> None:
    pythons = bases.pythons(bases.base(replace(target, arch="arm64")))
    assert [next(pythons) for _ in INSTALLED] == INSTALLED
    assert bases.forged == []
    forged = next(pythons)
    assert bases.forged == [target.name]
    assert (forged.parent, forged.name.endswith("-linux-x64")) == (bases.directory, True)
    assert list(pythons) == []


def test_on_an_unknown_machine_the_targets_base_is_tried(
    bases: Cache, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> Target:
        raise PypkgError("This machine is not a target")

    monkeypatch.setattr(module, "host_target", unknown)
    base = bases.base(target)
    assert list(bases.pythons(base)) == [base.path, *INSTALLED]
    assert bases.forged == []
