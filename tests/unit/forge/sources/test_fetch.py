"""Getting archives from a server on this machine."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest

from pypkg_core.cache import sources_dir
from pypkg_core.errors import PypkgError
from pypkg_forge.sources.fetch import Fetcher
from pypkg_forge.sources.origins import Origins
from pypkg_forge.sources.pins import Pin
from unit.http_server import HttpServer, RecordingReporter

GOOD = b"the archive" * 1000
REPACKED = b"the archive, repacked"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pin(*urls: str, version: str = "1", debian: bool = False) -> Pin:
    return Pin(
        name="thing",
        version=version,
        file=f"thing-{version}.tar.gz",
        sha256=sha256(GOOD),
        size=len(GOOD),
        urls=urls,
        licence="MIT",
        debian="pool/main/t/thing_1.orig.tar.gz" if debian else None,
        debian_sha256=sha256(REPACKED) if debian else None,
    )


def test_upstream_gives_and_the_cache_answers_next_time(server: HttpServer) -> None:
    server.files["/thing-1.tar.gz"] = GOOD
    fetcher = Fetcher(origins=Origins())
    wanted = pin(f"{server.url}/thing-1.tar.gz")
    found = fetcher.fetch_first("thing", [wanted])
    assert found.path.read_bytes() == GOOD
    assert found.path.parent == sources_dir()
    assert fetcher.fetch_first("thing", [wanted]) == found
    assert server.asked == ["/thing-1.tar.gz"]


def test_origins_are_asked_in_order(server: HttpServer, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "thing-1.tar.gz").write_bytes(b"another")
    server.files["/debian/pool/main/t/thing_1.orig.tar.gz"] = REPACKED
    reporter = RecordingReporter()
    origins = Origins(folder=folder, mirror=f"{server.url}/mirror", debian=(f"{server.url}/debian",))
    wanted = pin(f"{server.url}/up/t.gz", debian=True)
    found = Fetcher(origins=origins, reporter=reporter).fetch_first("thing", [wanted])
    assert found.sha256 == sha256(REPACKED)
    assert found.path.name == "thing_1.orig.tar.gz"
    assert server.asked == [
        "/mirror/thing-1.tar.gz",
        "/mirror/thing_1.orig.tar.gz",
        "/up/t.gz",
        "/debian/pool/main/t/thing_1.orig.tar.gz",
    ]
    assert f"{folder / 'thing-1.tar.gz'}: expected {len(GOOD)} bytes, got 7" in reporter.lines[0]
    assert any("answered 404" in line for line in reporter.lines)


def test_a_folder_comes_before_the_network(server: HttpServer, tmp_path: Path) -> None:
    (tmp_path / "thing-1.tar.gz").write_bytes(GOOD)
    found = Fetcher(origins=Origins(folder=tmp_path)).fetch_first("thing", [pin(f"{server.url}/x")])
    assert found.path.read_bytes() == GOOD
    assert server.asked == []


def test_a_folder_may_use_debians_names(tmp_path: Path) -> None:
    same = Pin(
        name="thing", version="1", file="thing-1.tar.gz", sha256=sha256(GOOD), urls=(), licence="MIT",
        debian="pool/main/t/thing_1.orig.tar.gz",
    )  # fmt: skip
    (tmp_path / "thing_1.orig.tar.gz").write_bytes(GOOD)
    assert Fetcher(origins=Origins(folder=tmp_path)).fetch_first("thing", [same]).sha256 == sha256(GOOD)


def test_a_wrong_hash_is_refused_and_nothing_is_left(server: HttpServer) -> None:
    server.files["/t"] = bytes(len(GOOD))
    with pytest.raises(PypkgError) as caught:
        Fetcher(origins=Origins()).fetch_first("thing", [pin(f"{server.url}/t")])
    assert f"expected sha256 {sha256(GOOD)}, got {sha256(bytes(len(GOOD)))}" in str(caught.value)
    assert "--source DIR" in str(caught.value)
    assert [path.name for path in sources_dir().iterdir() if path.suffix != ".lock"] == []


def test_a_longer_file_is_refused(server: HttpServer) -> None:
    server.files["/t"] = GOOD + b"!"
    with pytest.raises(PypkgError, match="got more"):
        Fetcher(origins=Origins()).fetch_first("thing", [pin(f"{server.url}/t")])


def test_a_download_cut_falls_through(server: HttpServer) -> None:
    server.files |= {"/short": GOOD, "/whole": GOOD}
    server.cut.add("/short")
    reporter = RecordingReporter()
    wanted = pin(f"{server.url}/short", f"{server.url}/whole")
    assert Fetcher(origins=Origins(), reporter=reporter).fetch_first("thing", [wanted]).path.read_bytes() == GOOD
    assert any("/short: " in line and ("broke" in line or "bytes" in line) for line in reporter.lines)


def test_a_dead_host_is_asked_once() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        reporter = RecordingReporter()
        fetcher = Fetcher(origins=Origins(), reporter=reporter)
        with pytest.raises(PypkgError):
            fetcher.fetch_first("thing", [pin(f"http://{host}/a", f"http://{host}/b")])
    assert list(fetcher.dead) == [host]
    assert any(f"{host} cannot be reached" in line for line in reporter.lines)
    assert any("not tried again" in line for line in reporter.lines)


def test_the_newest_that_an_origin_has_is_taken(server: HttpServer) -> None:
    server.files["/old"] = GOOD
    newest, older = pin(f"{server.url}/new", version="2"), pin(f"{server.url}/old", version="1")
    assert Fetcher(origins=Origins()).fetch_first("thing", [newest, older]).pin.version == "1"


def test_a_damaged_cache_is_filled_again(server: HttpServer) -> None:
    server.files["/t"] = GOOD
    wanted = pin(f"{server.url}/t")
    path = Fetcher(origins=Origins()).fetch_first("thing", [wanted]).path
    path.write_bytes(b"damaged")
    reporter = RecordingReporter()
    assert Fetcher(origins=Origins(), reporter=reporter).fetch_first("thing", [wanted]).path.read_bytes() == GOOD
    assert "Deleted the damaged archive" in reporter.lines[0]
