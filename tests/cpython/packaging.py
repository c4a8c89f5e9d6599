"""The test package of a release, with its data, as a packaged program (``program.py`` is its entry)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cpython.release import extract_tests, release_of
from emulation import command
from pypkg.project.never_inside import suspects
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256

__all__ = ["Program", "listed_tests", "packaged_tests"]


ENTRY = Path(__file__).with_name("program.py")
# Below /snapshot, and the executable's name.
NAME = "suite"
CONFIG = "pypkg.toml"
PACKAGING_SECONDS = 1800
LISTING_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """The packaged tests of a release.

    Attributes:
        target: its name.
        path: the executable; every user may run it.
        release: of its Python: ``3.13.5``.
        key: names its contents, interpreter and tests together.
    """

    target: str
    path: Path
    release: str
    key: str


@contextmanager
def packaged_tests(target: str, base: Path) -> Iterator[Program]:
    """Package the tests of a base's release; the program is deleted when the block ends.

    Args:
        target: its name.
        base: the base of that target; it is in the cache, where ``pypkg`` finds it.

    Raises:
        PypkgError: the tests cannot be packaged.
    """
    release = release_of(base)
    tests = extract_tests(release)
    with tempfile.TemporaryDirectory(prefix="pypkg-cpython-") as folder:
        work = Path(folder)
        # Not the cache: tests run as another user (`running.py`), who may not read what is below a home directory.
        work.chmod(0o755)
        project = work / NAME
        _write_project(project, tests)
        path = work / "program" / NAME
        path.parent.mkdir()
        _package(project, target, path, environment=work / "environment")
        shutil.rmtree(project)
        # The executable holds the tests, so that its hash says all.
        yield Program(target=target, path=path, release=release, key=file_sha256(path)[:16])


def _named_files(project: Path) -> list[str]:
    """Return the files that only their exact names package: the keys of test servers, for one."""
    files = (file.relative_to(project).as_posix() for file in sorted(project.rglob("*")) if file.is_file())
    return [name for name in files if any(suspects(project, name, modes=False))]


def listed_tests(program: Program) -> list[str]:
    """Return the names of all test files, as regrtest lists them: ``test_os``, ``test.test_asyncio.test_events``."""
    with tempfile.TemporaryDirectory(prefix="pypkg-") as folder:
        listed = subprocess.run(
            command(program.path, "--list"),
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LISTING_SECONDS,
        )
    return listed.stdout.split()


def _write_project(project: Path, tests: Path) -> None:
    """Write a project whose files are all packaged as they are, and whose modules are compiled too."""
    project.mkdir()
    without_bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(tests / "test", project / "test", ignore=without_bytecode)
    folders = ["test"]
    if (tests / "ctypes").exists():
        shutil.copytree(tests / "ctypes", project / "library" / "ctypes", ignore=without_bytecode)
        folders.append("library")
    # Not `__main__.py`, which tests would find on sys.path.
    shutil.copy(ENTRY, project)
    # Their source is no Python, on purpose. They stay data.
    broken = sorted(file.relative_to(project) for file in (project / "test").rglob("bad*.py"))
    settings = {
        "name": json.dumps(NAME),
        "public": "true",
        "public-packages": '["*"]',
        "scripts": '["test/**/*.py", "!test/**/bad*.py"]',
        "assets": json.dumps(folders + _named_files(project)),
        "excludes": json.dumps([".".join(file.with_suffix("").parts) for file in broken]),
    }
    lines = [f"{key} = {value}\n" for key, value in settings.items()]
    (project / CONFIG).write_text("".join(lines), encoding="utf-8")


def _package(project: Path, target: str, output: Path, *, environment: Path) -> None:
    # An environment of its own, which is empty: what else is installed here must not be packaged.
    venv.create(environment, with_pip=False, symlinks=True)
    packaging: list[str | Path] = [
        Path(sys.executable).parent / "pypkg",
        "-t",
        target,
        "--python",
        environment,
        "-c",
        project / CONFIG,
        "-o",
        output,
        project / ENTRY.name,
    ]
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        packaging, check=False, capture_output=True, text=True, env=inherited, timeout=PACKAGING_SECONDS
    )
    if done.returncode != 0:
        raise PypkgError(f"Cannot package the tests for {target}: {(done.stdout + done.stderr)[-2000:]}")
