"""``uv.lock``."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pypkg.environment.locks.find import find_lock
from pypkg.environment.locks.lock import Lock
from pypkg_core.errors import PypkgError, UsageError

from .targets import LINUX, OLD, WINDOWS, digest

INDEX = 'source = { registry = "https://example.org/simple" }'
LOCK = f"""version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.12'", "python_full_version < '3.12'"]

[[package]]
name = "click"
version = "8.1.8"
{INDEX}
dependencies = [{{ name = "colorama", marker = "sys_platform == 'win32'" }}]
sdist = {{ url = "https://example.org/click-8.1.8.tar.gz", hash = "sha256:{digest("A")}", size = 226593 }}
wheels = [{{ url = "https://example.org/click-8.1.8-py3-none-any.whl", hash = "sha256:{digest("b")}", size = 98188 }}]

[[package]]
name = "colorama"
version = "0.4.6"
{INDEX}

[[package]]
name = "demo"
version = "0.1.0"
source = {{ editable = "." }}
dependencies = [{{ name = "click" }}, {{ name = "httpx", extra = ["http2"] }}]

[[package]]
name = "h2"
version = "4.1.0"
{INDEX}

[[package]]
name = "httpx"
version = "0.28.1"
{INDEX}
dependencies = [{{ name = "click" }}]

[package.optional-dependencies]
http2 = [{{ name = "h2" }}]

[[package]]
name = "numpy"
version = "1.26.4"
{INDEX}
resolution-markers = ["python_full_version < '3.12'"]

[[package]]
name = "numpy"
version = "2.1.0"
{INDEX}
resolution-markers = ["python_full_version >= '3.13'", "python_full_version == '3.12.*'"]

[[package]]
name = "helpers"
version = "1.0"
source = {{ directory = "../helpers" }}

[[package]]
name = "fork"
version = "1.0"
source = {{ git = "https://example.org/fork.git?rev=main#abc123" }}

[[package]]
name = "direct"
version = "1.0"
source = {{ url = "https://example.org/direct-1.0.tar.gz" }}
sdist = {{ hash = "sha256:{digest("c")}" }}
"""


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    (tmp_path / "uv.lock").write_text(LOCK)
    found = find_lock(tmp_path, None)
    assert found is not None
    return found


def version(lock: Lock, name: str, markers: dict[str, str]) -> str:
    found = lock.find(name, markers)
    return found.version if found is not None else ""


def test_versions_hashes_and_forks(lock: Lock) -> None:
    click = lock.find("click", LINUX)
    assert click is not None
    assert click.hashes == {digest("a"), digest("b")}
    assert version(lock, "numpy", LINUX) == "2.1.0"
    assert version(lock, "numpy", OLD) == "1.26.4"
    assert lock.find("demo", LINUX) is None  # the project itself


def test_other_sources_than_an_index(lock: Lock, tmp_path: Path) -> None:
    names = ("helpers", "fork", "direct")
    assert [(lock.packages[name][0].source, lock.packages[name][0].url) for name in names] == [
        ("path", str(tmp_path / "../helpers")),
        ("vcs", "git+https://example.org/fork.git@abc123"),
        ("url", "https://example.org/direct-1.0.tar.gz"),
    ]
    assert lock.packages["direct"][0].hashes == {digest("c")}


def test_what_requirements_install(lock: Lock) -> None:
    def names(markers: dict[str, str], *requirements: str) -> list[str]:
        return [entry.name for entry in lock.closure(map(Requirement, requirements), markers)]

    assert names(LINUX, "httpx") == ["click", "httpx"]
    assert names(LINUX, "httpx[http2]") == ["click", "h2", "httpx"]
    assert names(WINDOWS, "httpx; sys_platform == 'win32'") == ["click", "colorama", "httpx"]
    assert names(LINUX, "httpx; sys_platform == 'win32'") == []
    with pytest.raises(PypkgError, match=r"locks httpx 0\.28\.1, but httpx<0\.28 is wanted"):
        names(LINUX, "httpx<0.28")
    with pytest.raises(PypkgError, match="scipy is not in"):
        names(LINUX, "scipy")


def test_pylock_comes_first(lock: Lock) -> None:
    (lock.origin.parent / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')
    found = find_lock(lock.origin.parent, None)
    assert found is not None
    assert found.origin.name == "pylock.toml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version = 1\n", "version = 2\n", r"uv\.lock: version: expected 1, got 2"),
        ("version = 1\n", "", r"uv\.lock: version: expected 1, got None"),
        ('name = "click"\n', "", r"package\[0\]\.name: is missing"),
        ('name = "click"\nversion = "8.1.8"', 'name = "click"', r"package\[0\]\.version: is missing"),
        (INDEX, 'source = { floppy = "a" }', r"package\[0\]\.source: expected .*floppy"),
        (digest("b"), "short", r"package\[0\]\.wheels\[0\]\.hash: .*'sha256:short'"),
        ("sys_platform ==", "nothing ==", r"package\[0\]\.dependencies\[0\]\.marker: expected a marker"),
        ('">=3.11"', '"new"', "requires-python: expected a version specifier, got 'new'"),
    ],
)
def test_a_damaged_lock_is_one_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "uv.lock").write_text(LOCK.replace(old, new, 1))
    with pytest.raises(UsageError, match=message) as caught:
        find_lock(tmp_path, None)
    assert caught.value.context == {"file": tmp_path / "uv.lock"}


def test_locks_of_other_tools_and_other_files(tmp_path: Path) -> None:
    for name in ("poetry.lock", "other.toml"):
        (tmp_path / name).write_text("[x]\n")
        with pytest.raises(UsageError, match="expected"):
            find_lock(tmp_path, tmp_path / name)
    (tmp_path / "script.py.lock").write_text(LOCK)
    assert find_lock(tmp_path, tmp_path / "script.py.lock") is not None
    assert find_lock(tmp_path, None) is None
