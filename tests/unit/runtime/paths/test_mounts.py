"""Mounts, and paths that lead into the snapshot through the real file system."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import RunCore

MOUNT = "/snapshot/app/plugins"


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A directory to mount: a file, a directory, links inside, out and into the snapshot."""
    directory = tmp_path / "real"
    (directory / "sub").mkdir(parents=True)
    (directory / "file").write_text("mounted\n")
    (directory / "sub" / "deep").write_text("deep\n")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "out").write_text("outside\n")
    (directory / "away").symlink_to("../beside")
    (directory / "back").symlink_to("/snapshot/app/data")
    (directory / "down").symlink_to("sub")
    return directory


@pytest.mark.parametrize(
    "case",
    [
        ("open", f"{MOUNT}/file", "mounted"),
        ("open", f"/{MOUNT}//./sub/../file", "mounted"),
        ("open", f"{MOUNT}/../data/a.txt", "text"),
        ("open", f"{MOUNT}/sub/../../data/a.txt", "text"),
        ("open", f"{MOUNT}/away/out", "outside"),
        ("open", f"{MOUNT}/away/../real/file", "mounted"),
        ("open", f"{MOUNT}/down/../file", "mounted"),
        ("open", f"{MOUNT}/down/../../data/a.txt", "text"),
        ("open", f"{MOUNT}/file/../file", "ENOTDIR"),
        ("open", f"{MOUNT}/none/../file", "ENOENT"),
        ("open", f"{MOUNT}/back/a.txt", "text"),
        ("open", f"{MOUNT}/none", "ENOENT"),
        ("open", "/snapshot/app/pluginsandmore", "ENOENT"),
        ("list", f"{MOUNT}/sub", ".\n..\ndeep"),
        ("open", "/snapshot/app/data/sub/b.txt", "deeper"),
    ],
)
def test_mounted_directory(run_core: RunCore, image_file: Path, real: Path, case: tuple[str, str, str]) -> None:
    function, path, expected = case
    done = run_core("call", image_file, function, path, MOUNT, real)
    assert sorted(done.stdout.split()) == sorted(expected.split())


def test_writing_below_a_mount_is_real(run_core: RunCore, image_file: Path, real: Path) -> None:
    assert run_core("call", image_file, "mkdir", f"{MOUNT}/new", MOUNT, real).stdout == "0\n"
    assert (real / "new").is_dir()
    assert run_core("call", image_file, "unlink", f"{MOUNT}/file", MOUNT, real).stdout == "0\n"
    assert not (real / "file").exists()


def test_the_directory_above_shows_the_mount(run_core: RunCore, image_file: Path, real: Path) -> None:
    names = run_core("call", image_file, "list", "/snapshot/app", MOUNT, real).stdout.split()
    assert names.count("plugins") == 1
    hiding = run_core("call", image_file, "list", "/snapshot/app", "/snapshot/app/data", real).stdout.split()
    assert hiding.count("data") == 1


def test_a_mount_hides_what_is_packaged(run_core: RunCore, image_file: Path, real: Path) -> None:
    assert run_core("call", image_file, "open", "/snapshot/app/data/file", "/snapshot/app/data", real).stdout == (
        "mounted\n\n"
    )
    assert run_core("call", image_file, "open", "/snapshot/app/link", "/snapshot/app/data", real).stdout == "ENOENT\n"
    # A packaged link that leads below the mount.
    assert (
        run_core("call", image_file, "list", "/snapshot/app/up", "/snapshot/app/data", real).stdout.count("file") == 1
    )


def test_nested_mounts(run_core: RunCore, image_file: Path, real: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "file").write_text("inner\n")
    mounts = (MOUNT, real, f"{MOUNT}/sub", inner)
    for path, expected in {
        f"{MOUNT}/file": "mounted",
        f"{MOUNT}/sub/file": "inner",
        f"{MOUNT}/sub/../file": "mounted",
        f"{MOUNT}/sub/../../data/a.txt": "text",
        f"{MOUNT}/sub/deep": "ENOENT",
    }.items():
        assert run_core("call", image_file, "open", path, *mounts).stdout.strip() == expected, path


def test_a_mount_where_nothing_is_packaged(run_core: RunCore, image_file: Path, real: Path) -> None:
    mount = ("/snapshot/none/deeper", real)
    assert run_core("call", image_file, "open", "/snapshot/none/deeper/file", *mount).stdout.strip() == "mounted"
    assert run_core("call", image_file, "stat", "/snapshot/none", *mount).stdout.strip() == "ENOENT"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/snapshot", "/tmp"),
        ("/snapshot/", "/tmp"),
        ("/elsewhere", "/tmp"),
        ("/snapshot/../x", "/tmp"),
        ("/snapshot/x", "relative"),
    ],
)
def test_bad_mounts(run_core: RunCore, image_file: Path, path: str, target: str) -> None:
    assert run_core("call", image_file, "stat", "/snapshot", path, target).stdout == "EINVAL\n"


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """Real links into the snapshot."""
    (tmp_path / "app").symlink_to("/snapshot/app")
    (tmp_path / "text").symlink_to("app/link")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "chain").symlink_to("../app/data")
    (tmp_path / "relative").symlink_to("../" * len(tmp_path.parts) + "snapshot/app/data/a.txt")
    (tmp_path / "dangling").symlink_to("/snapshot/nothing")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "plain").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    "case",
    [
        ("open", "app/data/a.txt", "text"),
        ("open", "app//data/../data/a.txt", "text"),
        ("open", "text", "text"),
        ("open", "deep/chain/a.txt", "text"),
        ("open", "relative", "text"),
        ("open", "dangling", "ENOENT"),
        ("open", "dangling/x", "ENOENT"),
        ("open", "plain", "ENOENT"),
        ("open", "none/x", "ENOENT"),
        ("open", "loop", "ELOOP"),
        ("open-create", "app/new", "EROFS"),
        ("open-write", "app/data/a.txt", "EROFS"),
        ("mkdir", "app/new", "EROFS"),
        ("unlink", "app/data/a.txt", "EROFS"),
        ("rename", "app/data/a.txt", "EXDEV"),
        ("access", "app/main.py", "0"),
        ("readlink", "app/link", "data/a.txt"),
        ("readlink", "app", "/snapshot/app"),
        ("realpath", "deep/chain/sub", "/snapshot/app/data/sub"),
        ("chdir", "app/data", "/snapshot/app/data"),
        ("list", "deep/chain/sub", ".\n..\nb.txt"),
    ],
)
def test_real_links_into_the_snapshot(
    run_core: RunCore, image_file: Path, links: Path, case: tuple[str, str, str]
) -> None:
    function, path, expected = case
    assert run_core("call", image_file, function, links / path).stdout.strip() == expected


def test_relative_and_dotted_paths_into_the_snapshot(
    run_core: RunCore, image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    up = "../" * (len(tmp_path.parts) - 1)
    assert run_core("call", image_file, "open", f"{up}snapshot/app/data/a.txt").stdout.strip() == "text"
    assert run_core("call", image_file, "open", f"{tmp_path}/{up}snapshot/app/data/a.txt").stdout.strip() == "text"
    monkeypatch.chdir("/")
    assert run_core("call", image_file, "open", "snapshot/app/data/a.txt").stdout.strip() == "text"
    assert run_core("call", image_file, "stat", "snapshot").stdout.strip() == "40555 4096"


def test_a_real_link_that_comes_back_out(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to("/snapshot/app/out")
    assert run_core("call", image_file, "access", tmp_path / "there/passwd").stdout.strip() == "0"
