"""Unpacked trees are complete, patched, and made again when their patches change."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET
from pypkg_forge.sources import trees
from pypkg_forge.sources.fetch import Source
from pypkg_forge.sources.pins import Pin

PATCH = "Greet louder.\n\n--- a/Lib/hello.py\n+++ b/Lib/hello.py\n@@ -1 +1 @@\n-print('hello')\n+print('HELLO')\n"
LOG: list[str] = []


@pytest.fixture
def patches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    folder = tmp_path / "patches"
    (folder / "3.13").mkdir(parents=True)
    (folder / "3.13" / "0001-greet-louder.patch").write_text(PATCH)
    monkeypatch.setattr(trees, "data_dir", lambda _: folder)
    return folder


def archive(path: Path, files: dict[str, str]) -> Source:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    pin = Pin(name="python", version="3.13.9", file=path.name, sha256=sha256, urls=("https://x",), licence="PSF-2.0")
    return Source(pin=pin, path=path, sha256=sha256)


def test_a_tree_is_patched_and_kept(tmp_path: Path, patches: Path) -> None:
    source = archive(tmp_path / "a.tar.gz", {"Python-3.13.9/Lib/hello.py": "print('hello')\n"})
    LOG.clear()
    tree = trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append)
    assert LOG == ["0001-greet-louder.patch: Lib/hello.py"]
    assert (tree / "Lib" / "hello.py").read_text() == "print('HELLO')\n"
    (tree / "made").touch()
    assert trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append) == tree
    assert (tree / "made").exists()


def test_another_patch_makes_another_tree(tmp_path: Path, patches: Path) -> None:
    source = archive(tmp_path / "a.tar.gz", {"Python-3.13.9/Lib/hello.py": "print('hello')\n"})
    old = trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append)
    (patches / "3.13" / "0001-greet-louder.patch").write_text(PATCH.replace("HELLO", "Hello"))
    new = trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append)
    assert new != old
    assert not old.exists()
    assert (new / "Lib" / "hello.py").read_text() == "print('Hello')\n"


def test_a_patch_that_does_not_apply_leaves_no_tree(tmp_path: Path, patches: Path) -> None:
    source = archive(tmp_path / "a.tar.gz", {"Python-3.13.9/Lib/hello.py": "print('goodbye')\n"})
    with pytest.raises(PypkgError, match=r"0001-greet-louder\.patch does not apply"):
        trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append)
    with pytest.raises(PypkgError, match=r"0001-greet-louder\.patch does not apply"):
        trees.source_tree(source, series="3.13", reporter=QUIET, log=LOG.append)


@pytest.mark.parametrize("files", [{"a/x": "", "b/y": ""}, {"../evil": ""}, {"top": ""}])
def test_an_odd_archive_is_refused(tmp_path: Path, patches: Path, files: dict[str, str]) -> None:
    source = archive(tmp_path / "a.tar.gz", files)
    with pytest.raises(PypkgError, match="Cannot unpack"):
        trees.source_tree(source, series=None, reporter=QUIET, log=LOG.append)


def test_a_truncated_archive_is_refused(tmp_path: Path, patches: Path) -> None:
    source = archive(tmp_path / "a.tar.gz", {"p/x": "x" * 10000})
    source.path.write_bytes(source.path.read_bytes()[:50])
    with pytest.raises(PypkgError, match="Cannot unpack"):
        trees.source_tree(source, series=None, reporter=QUIET, log=LOG.append)
