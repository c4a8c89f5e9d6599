"""The native cache: which files are written, trusted and refused."""

from __future__ import annotations

import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import needs
from runtime_build import compile_program

from ..conftest import PROGRAMS, RunCore

ONE = "/snapshot/site-packages/lib/one.so"
TWO = "/snapshot/site-packages/lib.libs/two.so"
ALONE = "/snapshot/site-packages/alone.so"
SOMEBODY = 12345
NOTHING = {"PYPKG_NATIVE_CACHE_PATH": "", "XDG_CACHE_HOME": "", "HOME": ""}
MEMORY = "/proc/self/fd/"
# A little more than SETTLED_NS of native/checked.c.
SETTLED_SECONDS = 2.2


@pytest.fixture
def root() -> None:
    needs.root("to make files of another user")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """programs/core.c without sanitizers, which make calls of their own."""
    program = tmp_path_factory.mktemp("core") / "core"
    compile_program(needs.compiler(), program, [PROGRAMS / "core.c"])
    return program


def _extract(run_core: RunCore, image_file: Path, cache: Path, path: str = ONE) -> Path:
    done = run_core("extract", image_file, path, env={"PYPKG_NATIVE_CACHE_PATH": str(cache)})
    assert done.returncode == 0, done.stdout
    return Path(done.stdout.strip())


def _refusal(run_core: RunCore, image_file: Path, env: dict[str, str]) -> str:
    done = run_core("extract", image_file, ONE, env=env)
    assert done.returncode == 1, done.stdout
    return done.stdout


def _location(run_core: RunCore, image_file: Path, env: dict[str, str]) -> str:
    done = run_core("extract", image_file, ONE, env={**NOTHING, **env})
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def _tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_whole_bundle_is_extracted(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path / "cache")
    assert real.read_bytes() == b"ELF one"
    assert (real.parents[1] / "lib.libs" / "two.so").read_bytes() == b"ELF two"
    pypkg = tmp_path / "cache" / "pypkg"
    assert real.is_relative_to(pypkg)
    digest = real.relative_to(pypkg).parts[0]
    assert len(bytes.fromhex(digest)) == 32
    for directory in (pypkg, pypkg / digest, real.parent):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_library_without_bundle(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path, ALONE)
    assert real.read_bytes() == b"ELF alone"
    assert real.relative_to(tmp_path / "pypkg").parts[0].startswith("file-")


def test_programs_can_be_executed_and_nothing_else(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        program = _extract(run_core, image_file, tmp_path, "/snapshot/app/run")
    finally:
        os.umask(old)
    assert program.stat().st_mode & 0o777 == 0o700
    assert _extract(run_core, image_file, tmp_path, ALONE).stat().st_mode & 0o777 == 0o600
    program.chmod(0o600)
    assert _extract(run_core, image_file, tmp_path, "/snapshot/app/run").stat().st_mode & 0o777 == 0o700


def test_later_starts_leave_the_files(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    first = _extract(run_core, image_file, tmp_path).stat()
    second = _extract(run_core, image_file, tmp_path).stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)


def test_poisoned_and_truncated_files_are_replaced(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    two = real.parents[1] / "lib.libs" / "two.so"
    real.write_bytes(b"EVIL !!")
    two.write_bytes(b"ELF")
    assert _extract(run_core, image_file, tmp_path).read_bytes() == b"ELF one"
    assert two.read_bytes() == b"ELF two"
    assert [path.name for path in real.parent.iterdir()] == ["one.so"]


def test_comparison_is_remembered_until_something_changes(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    checked = tmp_path / "pypkg" / real.relative_to(tmp_path / "pypkg").parts[0] / ".checked"
    _extract(run_core, image_file, tmp_path)
    assert not checked.exists(), "the file is too young: it may change again within one tick of its clock"
    time.sleep(SETTLED_SECONDS)
    _extract(run_core, image_file, tmp_path)
    first = checked.read_bytes()
    assert _extract(run_core, image_file, tmp_path) == real
    # Size and modification time are as before; only the time of the status change differs, which cannot be set.
    times = real.stat()
    real.write_bytes(b"EVIL !!")
    os.utime(real, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert _extract(run_core, image_file, tmp_path).read_bytes() == b"ELF one"
    for damage in (b"", first[:-1], first[:20] + b"\xff" * (len(first) - 20)):
        checked.write_bytes(damage)
        real.write_bytes(b"EVIL !!")
        assert _extract(run_core, image_file, tmp_path).read_bytes() == b"ELF one"


def test_the_record_vouches_for_what_is_on_the_disk(core: Path, image_file: Path, tmp_path: Path) -> None:
    """A power failure must not leave the record, and garbage in the files. No other start waits for the disk."""

    def calls() -> list[str]:
        trace = tmp_path / "trace"
        command: list[str | Path] = [needs.tool("strace"), "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,renameat"]
        done = subprocess.run(
            [*command, "-o", trace, core, "extract", image_file, ONE],
            capture_output=True,
            text=True,
            env={"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)},
            check=False,
        )
        if "ptrace" in done.stderr.lower():
            needs.privilege("strace", done.stderr.strip())
        assert done.returncode == 0, done
        pattern = r"\d+ +(\w+)\(.*?([\w.]+)[>\"]+\) += 0"
        return sorted(re.sub(pattern, r"\1 \2", line) for line in trace.read_text().splitlines())

    assert calls() == ["renameat one.so", "renameat two.so"]
    time.sleep(SETTLED_SECONDS)
    assert calls() == ["fsync one.so", "fsync two.so", "renameat .checked"]
    assert calls() == []


def test_cleared_in_between(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    real.unlink()
    assert _extract(run_core, image_file, tmp_path, TWO).read_bytes() == b"ELF two"
    assert real.read_bytes() == b"ELF one", "a bundle is made whole again"


def test_link_in_place_of_a_file_is_replaced(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"ELF one")
    real.unlink()
    real.symlink_to(victim)
    _extract(run_core, image_file, tmp_path)
    assert not real.is_symlink()


def test_other_things_in_place_of_a_file(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    real.unlink()
    os.mkfifo(real)
    assert _extract(run_core, image_file, tmp_path).is_file()
    real.unlink()
    real.mkdir()
    assert _location(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)}).startswith(MEMORY)


@pytest.mark.parametrize("level", ["pypkg", "digest", "folder"])
def test_link_in_place_of_a_directory_is_refused(
    run_core: RunCore, image_file: Path, tmp_path: Path, level: str
) -> None:
    real = _extract(run_core, image_file, tmp_path / "cache")
    pypkg = tmp_path / "cache" / "pypkg"
    digest = pypkg / real.relative_to(pypkg).parts[0]
    link = {"pypkg": pypkg, "digest": digest, "folder": real.parent}[level]
    link.rename(tmp_path / "elsewhere")
    link.symlink_to(tmp_path / "elsewhere")
    before = _tree(tmp_path / "elsewhere")
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "cache")})
    assert "PYPKG_NATIVE_CACHE_PATH" in message and str(link) in message
    assert _tree(tmp_path / "elsewhere") == before


def test_directory_others_can_write_to_is_refused(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "pypkg").mkdir()
    (tmp_path / "pypkg").chmod(0o777)
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)})
    assert "no other user may write" in message and str(tmp_path / "pypkg") in message


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_parents_others_can_write_to_are_refused(
    run_core: RunCore, image_file: Path, tmp_path: Path, mode: int
) -> None:
    parent = tmp_path / "parent"
    (parent / "cache").mkdir(parents=True)
    parent.chmod(mode)
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(parent / "cache")})
    assert f"{parent}:" in message
    assert _tree(parent) == ["cache"]
    parent.chmod(mode | 0o1000)
    assert _extract(run_core, image_file, parent / "cache").is_relative_to(parent)


@pytest.mark.usefixtures("root")
def test_another_users_home_is_not_used(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, SOMEBODY, SOMEBODY)
    assert _location(run_core, image_file, {"HOME": str(home)}).startswith(MEMORY)
    assert _tree(home) == []
    assert str(home) in _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(home)})


@pytest.mark.usefixtures("root")
def test_another_users_file_is_not_trusted(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    os.chown(real, SOMEBODY, SOMEBODY)
    assert _extract(run_core, image_file, tmp_path).stat().st_uid == 0


def test_own_links_above_the_cache_are_followed(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "absolute").symlink_to(tmp_path / "disk")
    (tmp_path / "relative").symlink_to("./absolute")
    real = _extract(run_core, image_file, tmp_path / "relative" / ".." / "relative" / "new")
    assert real.is_relative_to(tmp_path / "disk" / "new")
    (tmp_path / "loop").symlink_to("loop")
    assert str(tmp_path) in _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "loop")})


def test_paths_that_are_too_long_are_not_used(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("/" * 3500 + f"{tmp_path}/disk")
    for path in ("/" + "x" * 4096, "/" * 8190):
        assert _location(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": path}).startswith(MEMORY), len(path)
    for dots, used in ((1000, True), (3000, False)):
        path = f"{tmp_path}/link{'/.' * dots}"
        real = _location(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": path})
        assert real.startswith(f"{tmp_path}/disk/" if used else MEMORY), dots


@pytest.mark.usefixtures("root")
def test_links_of_others_are_not_followed(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    os.chown(tmp_path / "link", SOMEBODY, SOMEBODY, follow_symlinks=False)
    assert str(tmp_path / "link") in _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "link")})
    assert _tree(tmp_path / "disk") == []


def test_default_directories(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert Path(_location(run_core, image_file, env)).is_relative_to(tmp_path / ".cache" / "pypkg")
    env["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
    assert Path(_location(run_core, image_file, env)).is_relative_to(tmp_path / "xdg" / "pypkg")
    assert _location(run_core, image_file, {}).startswith(MEMORY), "without a directory, memory is used"


def test_cache_that_is_no_directory(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "file")})
    assert os.strerror(20) in message and "PYPKG_NATIVE_CACHE_PATH" in message
    assert "expected an absolute path" in _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": "relative"})


def test_many_first_starts_at_once(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        paths = set(pool.map(lambda n: _extract(run_core, image_file, tmp_path, (ONE, TWO)[n % 2]), range(48)))
    assert {path.read_bytes() for path in paths} == {b"ELF one", b"ELF two"}
    assert [path for path in (tmp_path / "pypkg").iterdir() if path.name.startswith(".")] == []


def test_leftovers_of_killed_processes_are_removed(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    pypkg = tmp_path / "pypkg"
    pypkg.mkdir(mode=0o700)
    old, young, other = (pypkg / name for name in (".new-1-2-3", ".new-4-5-6", "other"))
    for path in (old, young, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (1, 1))
    _extract(run_core, image_file, tmp_path)
    assert not old.exists() and young.exists() and other.exists()
