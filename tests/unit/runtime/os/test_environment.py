"""One function reads the environment, and a process with more rights than its caller takes nothing from it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from privileged import RIGHTS, installed, run_as_somebody
from runtime_build import RUNTIME, compile_program

from ..conftest import PROGRAMS

READER = "os/environment.c"
READS = {".c": re.compile(r"\b(?:secure_)?getenv\s*\("), ".py": re.compile(r"\benviron\b|\bgetenv\b")}
ONE = "/snapshot/site-packages/lib/one.so"
NAME = "PYPKG_REENTRY"


def test_nothing_else_reads_the_environment() -> None:
    files = [path for path in RUNTIME.rglob("*") if path.suffix in {".c", ".h", ".py"}]
    readers = [path for path in files if READS[path.suffix.replace(".h", ".c")].search(path.read_text())]
    assert [path.relative_to(RUNTIME).as_posix() for path in readers] == [READER]
    assert len(files) > 80 and any(path.suffix == ".py" for path in files)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """programs/core.c without sanitizers, which are not made for set-user-ID programs."""
    program = tmp_path_factory.mktemp("core") / "core"
    compile_program(needs.compiler(), program, [PROGRAMS / "core.c"])
    return program


@pytest.fixture
def privileged(core: Path) -> Iterator[Path]:
    with installed(core) as program:
        yield program


@pytest.fixture
def plain(privileged: Path) -> Path:
    """The same program beside it, which gets no rights."""
    copy = Path(shutil.copyfile(privileged, privileged.with_name("plain")))
    copy.chmod(0o755)
    return copy


@pytest.fixture
def image(privileged: Path, image_file: Path) -> Path:
    path = privileged.with_name("image")
    path.write_bytes(image_file.read_bytes())
    return path


def test_reentry_is_requested(plain: Path, image: Path) -> None:
    """Without more rights the same call is served."""
    assert run_as_somebody(plain, "requested", image, plain, env={NAME: str(plain)}).stdout == "requested\n"
    assert run_as_somebody(plain, "requested", image, plain, env={NAME: "/bin/sh"}).stdout == "none\n"


def test_reentry_is_refused(privileged: Path, image: Path) -> None:
    for value in (str(privileged), "/bin/sh", ""):
        assert run_as_somebody(privileged, "requested", image, privileged, env={NAME: value}).stdout == "refused\n"
    assert run_as_somebody(privileged, "requested", image, privileged, env={}).stdout == "none\n"


@pytest.mark.parametrize("rights", RIGHTS)
def test_every_kind_of_rights(core: Path, image_file: Path, rights: str) -> None:
    with installed(core, rights) as program:
        image = Path(shutil.copyfile(image_file, program.with_name("image")))
        variable = {NAME: str(program)}
        assert run_as_somebody(program, "requested", image, program, env=variable).stdout == "refused\n"
        program.chmod(0o755)
        if rights == "capabilities":
            os.removexattr(program, "security.capability")
        assert run_as_somebody(program, "requested", image, program, env=variable).stdout == "requested\n"


def test_no_cache_but_memory(privileged: Path, image: Path) -> None:
    cache = privileged.with_name("cache")
    cache.mkdir()
    for name in ("PYPKG_NATIVE_CACHE_PATH", "XDG_CACHE_HOME", "HOME"):
        done = run_as_somebody(privileged, "extract", image, ONE, env={name: str(cache)})
        assert done.stdout.startswith("/proc/self/fd/"), (name, done)
        assert list(cache.iterdir()) == []


def test_programs_are_found_where_path_says(plain: Path, privileged: Path, image: Path) -> None:
    """A privileged process too must not start the program of the same name in /usr/bin."""
    folder = privileged.with_name("programs")
    folder.mkdir()
    (folder / "id").write_text("#!/bin/sh\necho own\n")
    (folder / "id").chmod(0o755)
    for program in (plain, privileged):
        done = run_as_somebody(program, "search", image, "id", env={"PATH": str(folder)})
        assert (done.stdout, done.stderr) == ("own\n", ""), program
