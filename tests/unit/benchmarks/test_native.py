"""The ordinary CPython that bases are compared with is compiled once."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import native
import pytest

from pypkg_core.cache import sources_dir
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256
from pypkg_forge.sources.pins import Pin

# As CPython's: installs the executable before the rest.
CONFIGURE = """#!/bin/sh
prefix=${1#--prefix=}
echo "$@" >> ../../configured
cat > Makefile <<END
all:
install:
	mkdir -p $prefix/bin && touch $prefix/bin/python9.1 && $(cat ../../then)
END
"""


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pinned archive in the cache; the file ``then`` beside it is the last command of its installation."""
    sources_dir().mkdir(parents=True)
    path = sources_dir() / "Python-9.1.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("Python-9.1.0/configure")
        member.size, member.mode = len(CONFIGURE), 0o755
        tar.addfile(member, io.BytesIO(CONFIGURE.encode()))
    pin = Pin(
        name="python",
        version="9.1.0",
        file=path.name,
        sha256=file_sha256(path),
        urls=("http://localhost/",),
        licence="PSF-2.0",
    )
    monkeypatch.setattr(native, "pins", lambda: (pin,))
    (sources_dir() / "then").write_text("true", encoding="utf-8")
    return path


def _configured() -> list[list[str]]:
    return [line.split()[1:] for line in (sources_dir() / "configured").read_text("utf-8").splitlines()]


def test_it_is_compiled_once_with_each_kind_of_options(archive: Path) -> None:
    optimized = native.compile_native("9.1.0", native.OPTIMIZED)
    assert native.compile_native("9.1.0", native.OPTIMIZED) == optimized
    assert optimized == sources_dir() / "native-9.1.0-optimized" / "bin" / "python9.1"
    assert native.compile_native("9.1.0") != optimized
    assert _configured() == [["CC=gcc", "--enable-optimizations", "--with-lto"], ["CC=gcc"]]


def test_what_was_interrupted_is_compiled_again(archive: Path) -> None:
    (sources_dir() / "then").write_text("false", encoding="utf-8")
    with pytest.raises(PypkgError, match="make install"):
        native.compile_native("9.1.0")
    (sources_dir() / "then").write_text("true", encoding="utf-8")
    native.compile_native("9.1.0")
    assert len(_configured()) == 2


def test_a_release_that_is_not_pinned_is_refused() -> None:
    with pytest.raises(PypkgError, match="no archive of it is pinned"):
        native.compile_native("3.1.0")
