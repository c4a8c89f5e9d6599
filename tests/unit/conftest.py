"""A separate cache for each test, a small base that is readable but cannot run, and a server on this machine."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pypkg_core.bases import published
from pypkg_core.bases.record import write_sha256
from pypkg_core.binaries import attach_image
from pypkg_core.hashing import file_sha256
from pypkg_core.image import ImageBuilder, ImageFlag, ModuleKind
from pypkg_core.targets.catalogue import Target, catalogue
from unit.core.binaries.elf_files import elf_base
from unit.http_server import HttpServer, serving

MakeBase = Callable[..., bytes]
Publish = Callable[..., str]

NO_FLAGS = ImageFlag(0)
NOTHING = b"N"  # None, marshalled: code that is copied, never run


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of bases in the cache; it does not exist yet."""
    for name in ("PYPKG_BASE_URL", "PYPKG_IGNORE_TAG", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    return tmp_path / "cache" / "v0.1"


@pytest.fixture
def target() -> Target:
    """The running Python on linux-x64, so that this interpreter can compile modules for it."""
    return Target(version=f"{sys.version_info.major}{sys.version_info.minor}", platform="linux", arch="x64")


@pytest.fixture
def release(target: Target) -> str:
    """The newest pinned release of that Python."""
    return catalogue().versions[target.version].pins[0]


@pytest.fixture
def make_base(tmp_path: Path, target: Target, release: str) -> MakeBase:
    """Makes a base with a few modules of a standard library; it is never run."""

    def make(
        *,
        name: str | None = None,
        kind: str = "base",
        python: str | None = None,
        text: bytes = b"data stays readable",
        flags: ImageFlag = NO_FLAGS,
    ) -> bytes:
        library = f"lib/python{target.series}"
        builder = ImageBuilder(0, flags)
        for module in ("os", "re", "json", "_pypkg_diagnostics"):
            builder.add_file(f"{library}/{module}.py", b"source of " + module.encode())
            builder.add_module(module, ModuleKind.MODULE, f"{library}/{module}.py", NOTHING)
        builder.add_file(f"{library}/data.txt", text)
        if kind == "application":
            builder.add_module("__main__", ModuleKind.MODULE, f"{library}/os.py", NOTHING)
            builder.add_entry_point("app")
        builder.set_search_path([f"/snapshot/{library}"])
        facts = {"kind": kind, "python": python or release, "target": name or target.name}
        builder.set_manifest({"format": 2, "libraries": {"zlib": "1.3.1"}, "name": "python", **facts})
        (tmp_path / "bare").write_bytes(elf_base())
        out = io.BytesIO()
        attach_image(tmp_path / "bare", builder.build(), out)
        (tmp_path / "bare").unlink()
        return out.getvalue()

    return make


@pytest.fixture
def built(cache: Path, make_base: MakeBase, release: str) -> Path:
    """That base in the cache, as the forge stores it, but without a manifest."""
    cache.mkdir(parents=True)
    path = cache / f"built-{release}-linux-x64"
    path.write_bytes(make_base())
    path.chmod(0o644)  # so that the search for an interpreter skips it
    write_sha256(path, file_sha256(path))
    return path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    """A server on this machine, without a proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as state:
        yield state


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: HttpServer, release: str) -> Publish:
    """Puts contents on the server and into the table of published bases; returns the path on the server.

    ``listed`` is what the table says they are.
    """
    monkeypatch.setenv("PYPKG_BASE_URL", f"{server.url}/releases/")

    def publish(contents: bytes, *, listed: bytes | None = None) -> str:
        listed = contents if listed is None else listed
        table = tmp_path / "bases.toml"
        digest = hashlib.sha256(listed).hexdigest()
        table.write_text(
            f'[[bases]]\nversion = "{release}"\nplatform = "linux"\narch = "x64"\n'
            f'size = {len(listed)}\nsha256 = "{digest}"\n'
        )
        monkeypatch.setattr(published, "BASES_FILE", table)
        path = f"/releases/v0.1/python-{release}-linux-x64"
        server.files[path] = contents
        return path

    return publish
