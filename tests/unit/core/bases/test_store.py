"""Getting bases: from the cache, from a server on this machine, from a stand-in for the forge."""

# ruff: noqa: PLR0917 (fixtures come as positional arguments)

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pypkg_core.bases import record, store
from pypkg_core.bases.published import PublishedBase, find_published, load_published
from pypkg_core.bases.record import Base, find_built, sha256_path, write_sha256
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256
from pypkg_core.targets.catalogue import Target
from unit.http_server import HttpServer, RecordingReporter

MakeBase = Callable[..., bytes]
Need = Callable[..., tuple[Base, list[str]]]
Publish = Callable[..., str]


@pytest.fixture
def forged() -> list[Target]:
    """The targets that the stand-in for the forge was called with."""
    return []


@pytest.fixture
def need(cache: Path, make_base: MakeBase, release: str, forged: list[Target]) -> Need:
    """Returns a base and the reported lines; the stand-in for the forge uses make_base."""

    def forge(target: Target, reporter: object) -> Base:
        del reporter
        forged.append(target)
        cache.mkdir(parents=True, exist_ok=True)
        path = cache / f"built-{release}-linux-x64"
        path.write_bytes(make_base())
        write_sha256(path, file_sha256(path))
        base = find_built(target)
        assert base is not None
        return base

    def need(target: Target, *, build: bool = False) -> tuple[Base, list[str]]:
        reporter = RecordingReporter()
        return store.need_base(target, build=build, reporter=reporter, forge=forge), reporter.lines

    return need


def test_a_download_is_verified_and_kept(
    need: Need,
    publish: Publish,
    server: HttpServer,
    make_base: MakeBase,
    target: Target,
    cache: Path,
    forged: list[Target],
) -> None:
    path = publish(make_base())
    base, lines = need(target)
    assert (base.origin, base.path.name) == ("fetched", f"fetched-{base.version}-linux-x64")
    assert lines == [f"Fetching {server.url}{path}"]
    digest = hashlib.sha256(base.path.read_bytes()).hexdigest()
    assert (cache / (base.path.name + ".sha256")).read_text() == f"{digest}  {base.path.name}\n"
    again, lines = need(target)
    assert (again.path, lines, len(server.asked), forged) == (base.path, [], 1, [])
    assert sorted(path.suffix for path in cache.iterdir() if not path.name.endswith(".lock"))[1] == ".sha256"


def test_a_damaged_cache_is_fetched_again(
    need: Need, publish: Publish, server: HttpServer, make_base: MakeBase, target: Target
) -> None:
    publish(make_base())
    base, _ = need(target)
    base.path.write_bytes(base.path.read_bytes()[:-1] + b"?")
    later = base.path.stat().st_ctime_ns + 10**9
    os.utime(sha256_path(base.path), ns=(later, later))  # a newer side file does not vouch for a download
    _, lines = need(target)
    assert "hash does NOT match" in lines[0]
    assert len(server.asked) == 2


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"?", lambda data: data + b"more", lambda _data: b""])
def test_a_wrong_hash_is_an_error_and_nothing_stays(
    need: Need,
    publish: Publish,
    make_base: MakeBase,
    target: Target,
    cache: Path,
    forged: list[Target],
    change: Callable[[bytes], bytes],
) -> None:
    contents = make_base()
    publish(change(contents), listed=contents)
    with pytest.raises(PypkgError, match="Binary hash does NOT match"):
        need(target)
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == []
    assert forged == []


def test_what_cannot_be_fetched_is_forged(
    need: Need,
    publish: Publish,
    server: HttpServer,
    make_base: MakeBase,
    target: Target,
    forged: list[Target],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(make_base())
    server.files.clear()
    base, lines = need(target)
    assert (base.origin, forged) == ("built", [target])
    assert any("answered 404" in line and "Cannot download the published base" in line for line in lines)
    base.path.unlink()
    server.cut.add(publish(make_base()))
    _, lines = need(target)
    assert any("broke off" in line for line in lines)
    assert not [path for path in cache.iterdir() if "fetched" in path.name and path.suffix != ".lock"]
    base.path.unlink()
    monkeypatch.setenv("PYPKG_BASE_URL", "http://127.0.0.1:1/")
    _, lines = need(target)
    assert any("127.0.0.1:1 cannot be reached" in line for line in lines)
    assert len(forged) == 3


def test_without_a_published_base_nothing_is_asked_for(
    need: Need, server: HttpServer, target: Target, forged: list[Target]
) -> None:
    _, lines = need(target)
    assert (forged, server.asked) == ([target], [])
    assert lines[0] == f"No base is published for {target.name}"


def test_build_skips_the_download(
    need: Need, publish: Publish, server: HttpServer, make_base: MakeBase, target: Target, forged: list[Target]
) -> None:
    publish(make_base())
    base, _ = need(target, build=True)
    assert (base.origin, forged, server.asked) == ("built", [target], [])
    need(target, build=True)
    assert forged == [target]


def test_a_built_base_comes_before_a_download(
    need: Need, publish: Publish, server: HttpServer, make_base: MakeBase, target: Target, built: Path
) -> None:
    publish(b"something else")
    base, lines = need(target)
    assert (base.path, base.origin, lines, server.asked) == (built, "built", [], [])


def test_a_built_base_without_its_hash_is_absent(
    need: Need, make_base: MakeBase, target: Target, built: Path, forged: list[Target]
) -> None:
    sha256_path(built).unlink()
    built.write_bytes(make_base()[:1000])  # an interrupted build
    base, _ = need(target)
    assert (base.path, forged) == (built, [target])


def test_a_changed_base_is_used_and_reported(need: Need, make_base: MakeBase, target: Target, built: Path) -> None:
    built.write_bytes(make_base(text=b"changed"))
    os.utime(built, ns=(0, 0))  # with an old date
    for _ in range(2):
        base, lines = need(target)
        assert base.path == built
        assert lines == [f"Using {built} as it is: it was changed after the forge built it"]
    built.write_bytes(make_base())
    assert need(target)[1] == []


def test_an_unchanged_base_is_read_once(
    need: Need, target: Target, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def hashed(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    monkeypatch.setattr(record, "file_sha256", hashed)
    os.utime(sha256_path(built), ns=(0, 0))  # a copy of a cache: the base seems to be newer than its hash
    need(target)
    assert read == [built]
    later = built.stat().st_ctime_ns + 10**9
    os.utime(sha256_path(built), ns=(later, later))
    need(target)
    assert read == [built]
    built.chmod(0o600)
    os.utime(sha256_path(built), ns=(built.stat().st_ctime_ns, built.stat().st_ctime_ns))  # the same tick of the clock
    need(target)
    assert read == [built, built]


def test_a_built_base_must_be_a_base_for_the_target(
    need: Need, make_base: MakeBase, target: Target, built: Path
) -> None:
    whole = built.read_bytes()
    for contents, message in (
        (whole[: len(whole) // 2], "truncated"),
        (b"#!/bin/sh\n", "not an executable"),
        (make_base(name="py313-win-x64"), f"expected target {target.name} in its manifest, got py313-win-x64"),
        (make_base(python="3.1.4"), r"expected python 3\.\d+\.\d+ in its manifest, got 3.1.4"),
        (make_base(kind="application"), "packaged executable"),
    ):
        built.write_bytes(contents)
        with pytest.raises(PypkgError, match=message) as caught:
            need(target)
        assert str(built) in str(caught.value)
        assert f"pypkg-forge build --force {target.name}" in str(caught.value)


def test_the_tag_can_be_left_out(
    need: Need, built: Path, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(built.parent))
    monkeypatch.setenv("PYPKG_IGNORE_TAG", "1")
    assert need(target)[0].path == built


def test_concurrent_runs_download_once(
    need: Need, publish: Publish, server: HttpServer, make_base: MakeBase, target: Target
) -> None:
    publish(make_base())
    results: list[Path] = []
    threads = [threading.Thread(target=lambda: results.append(need(target)[0].path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(results), len(server.asked)) == (4, 1)


def test_fetching_alone(publish: Publish, server: HttpServer, make_base: MakeBase, target: Target, built: Path) -> None:
    path = publish(make_base())
    reporter = RecordingReporter()
    base = store.fetch_base(target, reporter)
    assert (base.origin, reporter.lines) == ("fetched", [f"Fetching {server.url}{path}"])
    assert store.fetch_base(target, reporter) == base
    assert server.asked == [path]


def test_fetching_alone_fails_clearly(
    publish: Publish, server: HttpServer, make_base: MakeBase, target: Target
) -> None:
    reporter = RecordingReporter()
    with pytest.raises(PypkgError, match=f"No base is published for {target.name}"):
        store.fetch_base(target, reporter)
    path = publish(make_base())
    server.files.clear()
    with pytest.raises(PypkgError, match=f"Cannot fetch the base of {target.name}: 127.0.0.1.* answered 404") as caught:
        store.fetch_base(target, reporter)
    assert f"{server.url}{path}" in str(caught.value)
    assert f"pypkg-forge build {target.name}" in str(caught.value)
    publish(b"another", listed=make_base())
    with pytest.raises(PypkgError, match="Binary hash does NOT match"):
        store.fetch_base(target, reporter)


def test_the_packagers_own_table_is_sound() -> None:
    for base in load_published():
        assert isinstance(base, PublishedBase)


ROW = '[[bases]]\nversion = "3.13.5"\nplatform = "linux"\narch = "x64"\nsize = 5\nsha256 = "%s"\n' % ("a" * 64)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ROW.replace("a" * 64, "abc"), r"bases\[0\]\.sha256"),
        (ROW.replace("3.13.5", "3.13"), r"bases\[0\]\.version"),
        (ROW.replace("size = 5", "size = 0"), r"bases\[0\]\.size"),
        (ROW.replace("size = 5\n", ""), r"bases\[0\]\.size: is missing"),
        (ROW + "more = 1\n", r"bases\[0\]\.more"),
        (ROW + ROW, r"bases\[1\]: .* twice"),
    ],
)
def test_a_bad_table_names_the_key(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "bases.toml").write_text(text)
    with pytest.raises(PypkgError, match=problem):
        load_published(tmp_path / "bases.toml")


def test_the_newest_published_base_is_chosen(tmp_path: Path) -> None:
    rows = [ROW.replace("3.13.5", version) for version in ("3.13.9", "3.13.15", "3.13.5", "3.1.300")]
    (tmp_path / "bases.toml").write_text("".join(rows))
    found = find_published(Target(version="313", platform="linux", arch="x64"), tmp_path / "bases.toml")
    assert found is not None
    assert found.version == "3.13.15"
    assert find_published(Target(version="311", platform="linux", arch="x64"), tmp_path / "bases.toml") is None
