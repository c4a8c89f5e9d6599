"""Getting archives, against servers on this machine."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pypkg_core.cache import sources_dir
from pypkg_core.errors import PypkgError
from pypkg_forge.sources.fetch import Fetcher
from pypkg_forge.sources.origins import Origins
from pypkg_forge.sources.pins import Pin

GOOD = b"the archive" * 1000
REPACKED = b"the archive, repacked"


@dataclass
class Server:
    """What a local HTTP server answers, by path, and what it was asked."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut_short: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


@dataclass
class Said:
    """A reporter that remembers."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def stage(self, title: str) -> Said:
        self.lines.append(title)
        return self

    def __enter__(self) -> Said:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, done: float, total: float) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            data = state.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if self.path in state.cut_short else data)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        state = Server(url=f"http://127.0.0.1:{httpd.server_address[1]}")
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield state
        httpd.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


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


def test_upstream_gives_and_the_cache_answers_next_time(server: Server) -> None:
    server.files["/thing-1.tar.gz"] = GOOD
    fetcher = Fetcher(origins=Origins())
    wanted = pin(f"{server.url}/thing-1.tar.gz")
    found = fetcher.fetch_first("thing", [wanted])
    assert found.path.read_bytes() == GOOD
    assert found.path.parent == sources_dir()
    assert fetcher.fetch_first("thing", [wanted]) == found
    assert server.asked == ["/thing-1.tar.gz"]


def test_origins_are_asked_in_order(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "thing-1.tar.gz").write_bytes(b"another")
    server.files["/debian/pool/main/t/thing_1.orig.tar.gz"] = REPACKED
    said = Said()
    origins = Origins(folder=folder, mirror=f"{server.url}/mirror", debian=(f"{server.url}/debian",))
    found = Fetcher(origins=origins, reporter=said).fetch_first("thing", [pin(f"{server.url}/up/t.gz", debian=True)])
    assert found.sha256 == sha256(REPACKED)
    assert found.path.name == "thing_1.orig.tar.gz"
    assert server.asked == [
        "/mirror/thing-1.tar.gz",
        "/mirror/thing_1.orig.tar.gz",
        "/up/t.gz",
        "/debian/pool/main/t/thing_1.orig.tar.gz",
    ]
    assert f"{folder / 'thing-1.tar.gz'}: wanted {len(GOOD)} bytes, got 7" in said.lines[0]
    assert any("answered 404" in line for line in said.lines)


def test_a_folder_comes_before_the_network(server: Server, tmp_path: Path) -> None:
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


def test_a_wrong_hash_is_refused_and_nothing_is_left(server: Server) -> None:
    server.files["/t"] = bytes(len(GOOD))
    with pytest.raises(PypkgError) as caught:
        Fetcher(origins=Origins()).fetch_first("thing", [pin(f"{server.url}/t")])
    assert f"wanted sha256 {sha256(GOOD)}, got {sha256(bytes(len(GOOD)))}" in str(caught.value)
    assert "--source DIR" in str(caught.value)
    assert [path.name for path in sources_dir().iterdir() if path.suffix != ".lock"] == []


def test_a_longer_file_is_refused(server: Server) -> None:
    server.files["/t"] = GOOD + b"!"
    with pytest.raises(PypkgError, match="got more"):
        Fetcher(origins=Origins()).fetch_first("thing", [pin(f"{server.url}/t")])


def test_a_download_cut_short_falls_through(server: Server) -> None:
    server.files |= {"/short": GOOD, "/whole": GOOD}
    server.cut_short.add("/short")
    said = Said()
    wanted = pin(f"{server.url}/short", f"{server.url}/whole")
    assert Fetcher(origins=Origins(), reporter=said).fetch_first("thing", [wanted]).path.read_bytes() == GOOD
    assert any("/short: " in line and ("broke" in line or "bytes" in line) for line in said.lines)


def test_a_dead_host_is_asked_once() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        said = Said()
        fetcher = Fetcher(origins=Origins(), reporter=said)
        with pytest.raises(PypkgError):
            fetcher.fetch_first("thing", [pin(f"http://{host}/a", f"http://{host}/b")])
    assert list(fetcher.dead) == [host]
    assert any(f"{host} cannot be reached" in line for line in said.lines)
    assert any("was not reached before" in line for line in said.lines)


def test_the_newest_that_an_origin_has_is_taken(server: Server) -> None:
    server.files["/old"] = GOOD
    newest, older = pin(f"{server.url}/new", version="2"), pin(f"{server.url}/old", version="1")
    assert Fetcher(origins=Origins()).fetch_first("thing", [newest, older]).pin.version == "1"


def test_a_damaged_cache_is_filled_again(server: Server) -> None:
    server.files["/t"] = GOOD
    wanted = pin(f"{server.url}/t")
    path = Fetcher(origins=Origins()).fetch_first("thing", [wanted]).path
    path.write_bytes(b"damaged")
    said = Said()
    assert Fetcher(origins=Origins(), reporter=said).fetch_first("thing", [wanted]).path.read_bytes() == GOOD
    assert "Removed a damaged" in said.lines[0]
