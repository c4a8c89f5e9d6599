"""The redirected calls, one by one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pypkg_core.targets.host import host_target

from ..conftest import RunCore

DIRECTORY = f"{stat.S_IFDIR | 0o555:o} 4096"


@pytest.mark.parametrize(
    ("function", "path", "expected"),
    [
        ("open", "/snapshot/app/data/a.txt", "text"),
        ("open", "/snapshot/app/link", "text"),
        ("open", "/snapshot/app/up/sub/../a.txt", "text"),
        ("open", "/snapshot/app/absolute/b.txt", "deeper"),
        ("open", "//snapshot//app/./data/../data/a.txt", "text"),
        ("open", "/snapshot/../snapshot/app/data/a.txt", "text"),
        ("open", "/snapshot/app/secret.py", "EACCES"),
        ("open", "/snapshot/app/none", "ENOENT"),
        ("open", "/snapshot/app/data/a.txt/", "ENOTDIR"),
        ("open", "/snapshot/app/data/a.txt/x", "ENOTDIR"),
        ("open", "/snapshot/app/loop", "ELOOP"),
        ("open", "/snapshot/" + "x" * 4096, "ENAMETOOLONG"),
        ("open", "/snapshotted", "ENOENT"),
        *((call, "none" + "/" * size, "ENAMETOOLONG") for call in ("open", "stat", "list") for size in (4092, 9000)),
        ("open-nofollow", "/snapshot/app/link", "ELOOP"),
        ("open-directory", "/snapshot/app/data/a.txt", "ENOTDIR"),
        ("open-write", "/snapshot/app/data/a.txt", "EROFS"),
        ("open-write", "/snapshot/app/none", "ENOENT"),
        ("open-write", "/snapshot/app/data", "EISDIR"),
        ("open-create", "/snapshot/app/none", "EROFS"),
        ("open-exclusive", "/snapshot/app/data/a.txt", "EEXIST"),
        ("stat", "/snapshot", DIRECTORY),
        ("stat", "/snapshot/app/", DIRECTORY),
        ("stat", "/snapshot/app/empty", DIRECTORY),
        ("stat", "/snapshot/app/link", f"{stat.S_IFREG | 0o444:o} 5"),
        ("stat", "/snapshot/app/run", f"{stat.S_IFREG | 0o555:o} 10"),
        ("stat", "/snapshot/app/secret.py", f"{stat.S_IFREG:o} 0"),
        ("realpath", "/snapshot/app/up/sub/b.txt", "/snapshot/app/data/sub/b.txt"),
        ("realpath", "/snapshot/..", "/"),
        ("chdir", "/snapshot/app/absolute", "/snapshot/app/data/sub"),
        ("chdir", "/snapshot/app/link", "ENOTDIR"),
        ("mkdir", "/snapshot/app/new", "EROFS"),
        ("mkdir", "/snapshot/app/data", "EEXIST"),
        ("unlink", "/snapshot/app/link", "EROFS"),
        ("rename", "/snapshot/app/link", "EXDEV"),
        ("access", "/snapshot/app/secret.py", "EACCES"),
        ("access", "/snapshot/app/main.py", "0"),
    ],
)
def test_call(run_core: RunCore, image_file: Path, function: str, path: str, expected: str) -> None:
    assert run_core("call", image_file, function, path).stdout.strip() == expected


@pytest.mark.parametrize("path", ["/none" + "/" * 9000, "none" + "/" * 70000, "x/../" * 2000])
def test_realpath_walks_a_long_path_name_by_name(run_core_here: RunCore, image_file: Path, path: str) -> None:
    """As glibc does, which reports the first name that is missing; musl says ENAMETOOLONG."""
    expected = "ENOENT" if host_target().facts.libc == "glibc" else "ENAMETOOLONG"
    assert run_core_here("call", image_file, "realpath", path).stdout.strip() == expected


def test_link_out_of_the_snapshot_is_a_real_path(run_core: RunCore, image_file: Path) -> None:
    assert run_core("call", image_file, "realpath", "/snapshot/app/out/.").stdout.strip() == str(Path("/etc").resolve())


def test_real_paths_pass_through(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("real\n")
    assert run_core("call", image_file, "open", tmp_path / "file").stdout.strip() == "real"


@pytest.mark.parametrize(
    ("function", "expected"), [("open-create", "EISDIR"), ("open-exclusive", "EEXIST"), ("mkdir", "EEXIST")]
)
def test_nothing_makes_a_real_snapshot(
    run_core: RunCore, image_file: Path, tmp_path: Path, function: str, expected: str
) -> None:
    link = tmp_path / "into"
    link.symlink_to("/snapshot")
    paths = [f"{tmp_path}/../../../../../../../../snapshot"]
    paths += [str(link)] if function == "open-create" else []
    for path in paths:
        assert run_core("call", image_file, function, path).stdout.strip() == expected, path
    assert not Path("/snapshot").exists()


def test_a_real_file_of_that_name_is_made(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    run_core("call", image_file, "mkdir", tmp_path / "snapshot")
    assert (tmp_path / "snapshot").is_dir()
