"""The addon cache: what is written where, what is trusted, what is refused."""

from __future__ import annotations

import os
from pathlib import Path

from .conftest import RunCore

ONE = "/snapshot/site-packages/lib/one.so"
ALONE = "/snapshot/site-packages/alone.so"


def _extract(run_core: RunCore, image_file: Path, cache: Path, path: str = ONE) -> Path:
    done = run_core("extract", image_file, path, env={"PYPKG_NATIVE_CACHE_PATH": str(cache)})
    assert done.returncode == 0, done.stdout
    return Path(done.stdout.strip())


def _refusal(run_core: RunCore, image_file: Path, env: dict[str, str]) -> str:
    done = run_core("extract", image_file, ONE, env=env)
    assert done.returncode == 1
    return done.stdout


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


def test_second_start_leaves_the_files(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
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


def test_link_in_place_of_a_file_is_replaced(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    real = _extract(run_core, image_file, tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"ELF one")
    real.unlink()
    real.symlink_to(victim)
    _extract(run_core, image_file, tmp_path)
    assert not real.is_symlink()


def test_link_in_place_of_a_directory_is_refused(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "pypkg").symlink_to(tmp_path / "elsewhere")
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "cache")})
    assert "PYPKG_NATIVE_CACHE_PATH" in message
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_directory_others_can_write_to_is_refused(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "pypkg").mkdir()
    (tmp_path / "pypkg").chmod(0o777)
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)})
    assert "nobody else may write" in message and str(tmp_path / "pypkg") in message


def test_default_places(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    env = {"PYPKG_NATIVE_CACHE_PATH": "", "XDG_CACHE_HOME": "", "HOME": str(tmp_path)}
    done = run_core("extract", image_file, ONE, env=env)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / ".cache" / "pypkg")
    done = run_core("extract", image_file, ONE, env={**env, "XDG_CACHE_HOME": str(tmp_path / "xdg")})
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / "xdg" / "pypkg")
    assert "HOME is not set" in _refusal(run_core, image_file, {**env, "HOME": ""})


def test_cache_that_is_a_file(run_core: RunCore, image_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = _refusal(run_core, image_file, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path / "file")})
    assert os.strerror(20) in message and "PYPKG_NATIVE_CACHE_PATH" in message
