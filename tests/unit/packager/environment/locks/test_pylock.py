"""``pylock.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.environment.locks.find import find_lock
from pypkg.environment.locks.lock import Lock, differences
from pypkg_core.errors import PypkgError, UsageError

from .targets import LINUX, OLD, WINDOWS, digest

HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
NUMPY = f"""
[[packages]]
name = "numpy"
version = "2.1.0"
index = "https://example.org/simple"
marker = "python_version >= '3.12'"
sdist = {{ url = "https://example.org/numpy-2.1.0.tar.gz", hashes = {{ sha256 = "{digest("A")}" }} }}
[[packages.wheels]]
url = "https://example.org/numpy-2.1.0-cp313-cp313-manylinux_2_17_x86_64.whl"
hashes = {{ sha256 = "{digest("b")}", md5 = "ff" }}

[[packages]]
name = "numpy"
version = "1.26.4"
index = "https://example.org/simple"
marker = "python_version < '3.12'"
[[packages.wheels]]
url = "https://example.org/numpy-1.26.4-cp311-cp311-win_amd64.whl"
hashes = {{ sha256 = "{digest("c")}" }}
"""


def lock_of(folder: Path, text: str, name: str = "pylock.toml") -> Lock:
    (folder / name).write_text(HEAD + text)
    found = find_lock(folder, folder / name)
    assert found is not None
    return found


def test_the_entry_that_applies_to_the_target(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, NUMPY)
    found = lock.find("NumPy", LINUX)
    assert found is not None
    assert (found.version, found.source, found.url) == ("2.1.0", "index", "https://example.org/simple")
    assert found.hashes == {digest("a"), digest("b")}
    old = lock.find("numpy", OLD)
    assert old is not None
    assert old.version == "1.26.4"
    assert lock.find("scipy", LINUX) is None


def test_two_versions_for_one_target_are_an_error(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, NUMPY.replace("python_version < '3.12'", "python_version < '4'"))
    with pytest.raises(PypkgError, match=r"locks 'numpy' twice for one target: 2\.1\.0 .* and 1\.26\.4"):
        lock.find("numpy", LINUX)
    assert lock.find("numpy", OLD) is not None


def test_markers_of_extras_and_groups(tmp_path: Path) -> None:
    text = (
        'extras = ["speed"]\ndependency-groups = ["dev", "more"]\ndefault-groups = ["dev"]\n[[packages]]\nname = "a"\n'
        'version = "1"\nmarker = "\'speed\' in extras"\ndirectory = { path = "a" }\n[[packages]]\nname = "b"\n'
        'marker = "\'dev\' in dependency_groups"\ndirectory = { path = "b" }\n[[packages]]\nname = "c"\n'
        'marker = "\'more\' in dependency_groups"\ndirectory = { path = "c" }\n'
    )
    lock = lock_of(tmp_path, text)
    assert lock.find("a", LINUX) is None
    assert lock.find("a", LINUX, ["speed"]) is not None
    assert lock.find("b", LINUX) is not None
    assert lock.find("c", LINUX) is None


def test_other_sources_than_an_index(tmp_path: Path) -> None:
    text = f"""
[[packages]]
name = "own"
directory = {{ path = ".", editable = true }}
[[packages]]
name = "folder"
directory = {{ path = "libs/folder" }}
[[packages]]
name = "repository"
vcs = {{ type = "git", url = "https://example.org/r.git", commit-id = "abc" }}
[[packages]]
name = "archive"
version = "2"
archive = {{ url = "https://example.org/archive-2.tar.gz", hashes = {{ sha256 = "{digest("d")}" }} }}
[[packages]]
name = "file"
version = "3"
wheels = [{{ path = "w/file-3-py3-none-any.whl", hashes = {{ sha256 = "{digest("e")}" }} }}]
"""
    lock = lock_of(tmp_path, text)
    got = {name: (entries[0].source, entries[0].url) for name, entries in lock.packages.items()}
    assert got == {
        "folder": ("path", str(tmp_path / "libs/folder")),
        "repository": ("vcs", "git+https://example.org/r.git@abc"),
        "archive": ("url", "https://example.org/archive-2.tar.gz"),
        "file": ("path", str(tmp_path / "w/file-3-py3-none-any.whl")),
    }


def test_what_the_whole_lock_is_for(tmp_path: Path) -> None:
    lock = lock_of(
        tmp_path, 'requires-python = ">=3.12"\nenvironments = ["sys_platform == \'linux\'"]\npackages = []\n'
    )
    lock.check(LINUX)
    with pytest.raises(PypkgError, match=r"does not apply to Python 3\.11\.16: requires-python is >=3\.12"):
        lock.check(OLD)
    with pytest.raises(PypkgError, match="does not apply to win32"):
        lock.check(WINDOWS)


def test_differences_from_an_environment(tmp_path: Path) -> None:
    lock = lock_of(tmp_path, NUMPY)
    assert differences(lock, {"numpy": "2.0", "scipy": "1"}, LINUX) == [("numpy", "2.1.0", "2.0")]
    assert differences(lock, {"numpy": "2.1"}, LINUX) == []
    assert differences(lock, {"numpy": "2.1.0+cpu"}, LINUX) == []  # as pip compares


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('lock-version = "2.0"\ncreated-by = "x"\npackages = []\n', r"lock-version: expected 1\.x, got '2\.0'"),
        ('created-by = "x"\npackages = []\n', "lock-version: Missing"),
        (HEAD + NUMPY.replace('name = "numpy"', "name = 5", 1), r"packages\[0\]\.name: .*int.*str"),
        (HEAD + NUMPY.replace("python_version <", "nothing <"), r"packages\[1\]\.marker"),
        (HEAD + NUMPY.replace(digest("b"), "xyz"), r"packages\[0\]: hashes\.sha256: expected 64 .*'xyz'"),
        (HEAD + NUMPY.replace('version = "2.1.0"\n', ""), r"packages\[0\]\.version: is missing"),
        ("= 1", r"Cannot read .*pylock\.toml"),
    ],
)
def test_a_damaged_lock_is_one_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        find_lock(tmp_path, None)
