"""What several targets of one run have in common is done once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from pypkg.compile import compiler as compiling
from pypkg.compile import pool
from pypkg.compile.compiler import Compiler
from pypkg.compile.process import WorkerProcess, start_worker
from pypkg.compile.worker.protocol import IMPORTS
from pypkg.environment import distributions
from pypkg.pipeline import shared
from pypkg.pipeline.shared import Shared
from pypkg_core.targets.catalogue import catalogue
from pypkg_core.targets.platforms import Platform
from unit.packager.world import World

HERE = Path(sys.executable)


def compiler(platform: str = "linux", optimize: int = 0, pythons: Iterable[Path] = (HERE,)) -> Compiler:
    facts = catalogue().platforms[platform]
    return Compiler(version=sys.version_info[:2], platform=facts, pythons=pythons, optimize=optimize, jobs=1)


def test_targets_whose_code_is_the_same_have_one_compiler(tmp_path: Path) -> None:
    with Shared() as run:
        with run.compiling(compiler()) as first:
            first.submit("app/a.py", b"import b", IMPORTS)
            known = first.result("app/a.py", IMPORTS)
        with run.compiling(compiler("alpine")) as second:
            second.submit("app/a.py", b"import b", IMPORTS)
            assert second.result("app/a.py", IMPORTS) is known
        other_path = tmp_path / "python"
        other_path.symlink_to(HERE)
        with run.compiling(compiler(pythons=[other_path])) as third:
            assert third is first  # another interpreter of the same release
        others = [compiler("win"), compiler(optimize=1)]  # other paths in the code; other code
        for other in others:
            with run.compiling(other) as made:
                assert made is other


def test_processes_end_when_a_target_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    workers: list[WorkerProcess] = []

    def start(python: Path, *, platform: Platform, optimize: int) -> WorkerProcess:
        workers.append(start_worker(python, platform=platform, optimize=optimize))
        return workers[-1]

    monkeypatch.setattr(pool, "start_worker", start)
    monkeypatch.setattr(compiling, "start_worker", start)
    with Shared() as run:
        for name in ("app/a.py", "app/b.py"):
            with run.compiling(compiler()) as made:
                made.submit(name, b"import b", IMPORTS)
                made.result(name, IMPORTS)
            assert workers and all(worker.process.poll() is not None for worker in workers)


def test_an_environment_and_its_distributions_are_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.install("dep", {"dep.py": ""})
    with Shared() as run:
        found = run.inspected(world.environment / "bin" / "python3")
        one = distributions.Installed(found.paths, prefix=found.prefix, metadata=run.metadata)
        monkeypatch.setattr(shared, "inspect", pytest.fail)
        assert run.inspected(world.environment / "bin" / "python3") is found
        other = distributions.Installed(found.paths, prefix=found.prefix, metadata=run.metadata)
        assert other.by_name["dep"] is one.by_name["dep"]
        # What one of them adds is not in the other.
        other.add_root(world.project, prefer=True)
        assert one.by_name.keys() == {"dep"}
