"""Getting bases, against a server on this machine."""

# ruff: noqa: PLR0917 (fixtures come as positional arguments)

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pypkg_core.bases import published, store
from pypkg_core.bases.published import PublishedBase, find_published, load_published
from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET, Stage
from pypkg_core.targets.catalogue import Target

MakeBase = Callable[..., bytes]
Need = Callable[..., tuple[store.Base, list[str]]]


class Reporter:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        self.lines.append(title)
        with QUIET.stage(title) as stage:
            yield stage


class Server:
    """Serves ``files`` (path -> contents); ``cut`` closes connections in the middle."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut = False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                contents = outer.files.get(self.path)
                if contents is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(contents)))
                self.end_headers()
                self.wfile.write(contents[: len(contents) // 2] if outer.cut else contents)

            def log_message(self, *_arguments: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/releases"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever)
    thread.start()
    monkeypatch.setenv("PYPKG_BASE_URL", server.url + "/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def forged() -> list[Target]:
    """The targets that the forge was asked for."""
    return []


@pytest.fixture
def need(cache: Path, make_base: MakeBase, release: str, forged: list[Target]) -> Need:
    """Gets a base, and what was said meanwhile; the forge makes what make_base makes."""

    def forge(target: Target, reporter: object) -> Path:
        del reporter
        forged.append(target)
        cache.mkdir(parents=True, exist_ok=True)
        path = cache / f"built-{release}-linux-x64"
        path.write_bytes(make_base())
        return path

    def need(target: Target, *, build: bool = False) -> tuple[store.Base, list[str]]:
        reporter = Reporter()
        return store.need_base(target, build=build, reporter=reporter, forge=forge), reporter.lines

    return need


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, release: str):
    """Puts a base on the server and into the packager's table."""

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


def test_a_download_is_verified_and_kept(need, publish, server, make_base, target, cache, forged) -> None:
    path = publish(make_base())
    base, lines = need(target)
    assert (base.origin, base.path.name) == ("fetched", f"fetched-{base.version}-linux-x64")
    assert lines == [f"Fetching {server.url}/v0.1/{path.rsplit('/', 1)[1]}"]
    digest = hashlib.sha256(base.path.read_bytes()).hexdigest()
    assert (cache / (base.path.name + ".sha256")).read_text() == f"{digest}  {base.path.name}\n"
    again, lines = need(target)
    assert (again.path, lines, len(server.asked), forged) == (base.path, [], 1, [])
    assert sorted(path.suffix for path in cache.iterdir() if not path.name.endswith(".lock"))[1] == ".sha256"


def test_a_damaged_cache_is_fetched_again(need, publish, server, make_base, target) -> None:
    publish(make_base())
    base, _ = need(target)
    base.path.write_bytes(base.path.read_bytes()[:-1] + b"?")
    _, lines = need(target)
    assert "hash does NOT match" in lines[0]
    assert len(server.asked) == 2


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"?", lambda data: data + b"more", lambda _data: b""])
def test_a_wrong_hash_is_an_error_and_nothing_stays(need, publish, make_base, target, cache, forged, change) -> None:
    contents = make_base()
    publish(change(contents), listed=contents)
    with pytest.raises(PypkgError, match="Binary hash does NOT match"):
        need(target)
    assert [path.name for path in cache.iterdir() if path.suffix != ".lock"] == []
    assert forged == []


def test_what_cannot_be_fetched_is_forged(need, publish, server, make_base, target, forged, cache, monkeypatch) -> None:
    publish(make_base())
    server.files.clear()
    base, lines = need(target)
    assert (base.origin, forged) == ("built", [target])
    assert any("404" in line and "Not found in remote cache" in line for line in lines)
    base.path.unlink()
    publish(make_base())
    server.cut = True
    _, lines = need(target)
    assert any("broke off" in line for line in lines)
    assert not [path for path in cache.iterdir() if "fetched" in path.name and path.suffix != ".lock"]
    (cache / base.path.name).unlink()
    monkeypatch.setenv("PYPKG_BASE_URL", "http://127.0.0.1:1/")
    _, lines = need(target)
    assert any("cannot be reached" in line for line in lines)
    assert len(forged) == 3


def test_without_a_published_base_nothing_is_asked_for(need, server, target, forged) -> None:
    _, lines = need(target)
    assert (forged, server.asked) == ([target], [])
    assert lines[0] == f"No base is published for {target.name}"


def test_build_skips_the_download(need, publish, server, make_base, target, forged) -> None:
    publish(make_base())
    base, _ = need(target, build=True)
    assert (base.origin, forged, server.asked) == ("built", [target], [])
    need(target, build=True)
    assert forged == [target]


def test_a_built_base_comes_first_and_is_not_hashed(need, publish, server, make_base, target, built) -> None:
    publish(b"something else")
    built.with_name(built.name + ".sha256").write_text("0" * 64)
    base, lines = need(target)
    assert (base.path, lines, server.asked) == (built, [], [])


def test_a_built_base_must_be_a_base_for_the_target(need, make_base, target, built) -> None:
    whole = built.read_bytes()
    for contents, message in (
        (whole[: len(whole) // 2], "truncated"),
        (b"#!/bin/sh\n", "not an executable"),
        (make_base(name="py313-win-x64"), "it is for py313-win-x64"),
        (make_base(kind="application"), "packaged executable"),
    ):
        built.write_bytes(contents)
        with pytest.raises(PypkgError, match=message) as caught:
            need(target)
        assert str(built) in str(caught.value)


def test_the_tag_can_be_left_out(need, built, target, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(built.parent))
    monkeypatch.setenv("PYPKG_IGNORE_TAG", "1")
    assert need(target)[0].path == built


def test_concurrent_runs_download_once(need, publish, server, make_base, target) -> None:
    publish(make_base())
    results: list[Path] = []
    threads = [threading.Thread(target=lambda: results.append(need(target)[0].path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(results), len(server.asked)) == (4, 1)


def test_the_packagers_own_table_is_sound() -> None:
    for base in load_published():
        assert isinstance(base, PublishedBase)


ROW = '[[bases]]\nversion = "3.13.5"\nplatform = "linux"\narch = "x64"\nsize = 5\nsha256 = "%s"\n' % ("a" * 64)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ROW.replace("a" * 64, "abc"), r"bases\[0\]\.sha256"),
        (ROW.replace("3.13.5", "3.13"), r"bases\[0\]\.version"),
        (ROW.replace("size = 5", "size = 0"), r"bases\[0\]\.size"),
        (ROW.replace("size = 5\n", ""), r"bases\[0\]\.size: is missing"),
        (ROW + "more = 1\n", r"bases\[0\]\.more"),
        (ROW + ROW, r"bases\[1\]: .* twice"),
    ],
)
def test_a_bad_table_names_the_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "bases.toml").write_text(text)
    with pytest.raises(PypkgError, match=place):
        load_published(tmp_path / "bases.toml")


def test_the_newest_published_base_is_chosen(tmp_path: Path) -> None:
    rows = [ROW.replace("3.13.5", version) for version in ("3.13.9", "3.13.15", "3.13.5", "3.1.300")]
    (tmp_path / "bases.toml").write_text("".join(rows))
    found = find_published(Target(version="313", platform="linux", arch="x64"), tmp_path / "bases.toml")
    assert found is not None
    assert found.version == "3.13.15"
    assert find_published(Target(version="311", platform="linux", arch="x64"), tmp_path / "bases.toml") is None
