"""The same input gives the same bytes, wherever, whenever and by whomever it is packaged."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

import needs
from acceptance.environments import install_packages, make_environment
from fixture_types import BaseOf, Pypkg
from targets import STATIC

NOTES = Path(__file__).parents[2] / "examples" / "notes"
REQUIREMENTS = ("click==8.1.8", "flask==3.1.1")

pytestmark = [pytest.mark.base, pytest.mark.index]


@pytest.fixture(scope="module")
def python() -> Path:
    return make_environment(*REQUIREMENTS)


@pytest.fixture
def cache_of(base_of: BaseOf, tmp_path: Path) -> Path:
    """A cache that contains only the base, so that all bytecode is compiled again."""
    base = base_of(STATIC)
    folder = tmp_path / "cache" / base.parent.name
    folder.mkdir(parents=True)
    for path in base.parent.glob(f"{base.name}*"):
        shutil.copy2(path, folder / path.name)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def reference(pypkg: Pypkg, base_of: BaseOf, python: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Digest of examples/notes, packaged in place with no options."""
    base_of(STATIC)
    folder = tmp_path_factory.mktemp("reference")
    return _packaged(pypkg, NOTES, python, folder / "notes")


class Process(TypedDict, total=False):
    """What differs from the usual start of the packager."""

    prefix: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    umask: int


def _packaged(pypkg: Pypkg, project: Path, python: Path, output: Path, **process: Unpack[Process]) -> str:
    result = pypkg("-t", STATIC, "--python", python, "-o", output, project, **process)
    assert result.returncode == 0, result
    return hashlib.sha256(output.read_bytes()).hexdigest()


def _copy_of_notes(folder: Path) -> Path:
    return shutil.copytree(NOTES, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))


def test_twice_in_the_same_place(pypkg: Pypkg, reference: str, python: Path, tmp_path: Path) -> None:
    assert _packaged(pypkg, NOTES, python, tmp_path / "notes") == reference


def test_in_another_directory(pypkg: Pypkg, reference: str, python: Path, tmp_path: Path) -> None:
    project = _copy_of_notes(tmp_path / "some" / "where else")
    for path in project.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert _packaged(pypkg, project, python, tmp_path / "renamed", cwd=tmp_path) == reference


@pytest.mark.parametrize(
    "process",
    [
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
        {"TZ": "UTC+12", "PYTHONHASHSEED": "4000000000", "LC_ALL": "C.UTF-8"},
    ],
    ids=["east", "west"],
)
def test_in_another_zone_with_another_hash_seed(
    *, pypkg: Pypkg, reference: str, python: Path, tmp_path: Path, cache_of: Path, process: dict[str, str]
) -> None:
    env = {**process, "PYPKG_CACHE_PATH": str(cache_of)}
    assert _packaged(pypkg, NOTES, python, tmp_path / "notes", env=env, umask=0o077) == reference


def test_with_the_packages_installed_elsewhere(pypkg: Pypkg, reference: str, tmp_path: Path) -> None:
    python = tmp_path / "other venv" / "bin" / "python"
    venv.create(python.parents[1], with_pip=True)
    install_packages(python, *REQUIREMENTS)
    assert _packaged(pypkg, NOTES, python, tmp_path / "notes") == reference


def test_by_another_user(pypkg: Pypkg, reference: str, python: Path, tmp_path: Path, cache_of: Path) -> None:
    # In a user namespace the process has another user number and can still read the environment's files.
    become = ["unshare", "--user", "--map-user=4321", "--map-group=4321"]
    needs.tool("unshare")
    tried = subprocess.run([*become, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        needs.privilege("a user namespace", tried.stderr.strip())
    env = {"HOME": str(tmp_path), "USER": "somebody", "LOGNAME": "somebody", "PYPKG_CACHE_PATH": str(cache_of)}
    digest = _packaged(pypkg, NOTES, python, tmp_path / "notes", env=env, prefix=become)
    assert digest == reference
