"""A published base is used only if it has the hash that this version of pypkg expects."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from acceptance.program import Program
from fixture_types import BaseOf, Result
from targets import STATIC

pytestmark = pytest.mark.base

# The command with another table of published bases, because no base is published yet.
COMMAND = """
import sys
from pathlib import Path
import pypkg_core.bases.published, pypkg.cli.main
pypkg_core.bases.published.find_published.__defaults__ = (Path(sys.argv.pop(1)),)
sys.exit(pypkg.cli.main.main())
"""


class Release(NamedTuple):
    url: str
    asset: Path
    table: Path
    cache: Path
    run: Callable[..., Result]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def release(base_of: BaseOf, hello_script: Path, tmp_path: Path) -> Iterator[Release]:
    """A release on this host that offers the base of one target, and an empty cache."""
    base = base_of(STATIC)
    version = base.name.split("-")[1]
    files = tmp_path / "server" / "v0.1"
    files.mkdir(parents=True)
    asset = files / f"python-{version}-linuxstatic-x64"
    asset.write_bytes(base.read_bytes())
    digest = hashlib.sha256(asset.read_bytes()).hexdigest()
    table = tmp_path / "bases.toml"
    table.write_text(
        f'[[bases]]\nversion = "{version}"\nplatform = "linuxstatic"\narch = "x64"\n'
        f'size = {asset.stat().st_size}\nsha256 = "{digest}"\n'
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path / "server"))
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    cache = tmp_path / "cache"

    def run() -> Result:
        return subprocess.run(
            [sys.executable, "-c", COMMAND, table, "-t", STATIC, "-o", tmp_path / "hello", hello_script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYPKG_CACHE_PATH": str(cache), "PYPKG_BASE_URL": url},
            timeout=300,
            check=False,
        )

    yield Release(url, asset, table, cache, run)
    server.shutdown()
    thread.join()
    server.server_close()


def _bases(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "v0.1").iterdir() if path.suffix != ".lock")


def test_a_published_base_is_fetched_once(release: Release, tmp_path: Path) -> None:
    first = release.run()
    assert first.returncode == 0, first
    assert f"Fetching {release.url}/v0.1/{release.asset.name}" in first.stdout + first.stderr
    assert Program(path=tmp_path / "hello", home=tmp_path).output() == "hello, world\n"
    fetched = release.asset.name.replace("python-", "fetched-")
    assert _bases(release.cache) == [fetched, f"{fetched}.sha256"]
    release.asset.unlink()
    again = release.run()
    assert again.returncode == 0, again
    assert "Fetching" not in again.stdout + again.stderr


@pytest.mark.parametrize("damage", ["changed", "cut off", "longer"])
def test_a_base_with_a_wrong_hash_is_refused(release: Release, tmp_path: Path, damage: str) -> None:
    contents = bytearray(release.asset.read_bytes())
    contents[len(contents) // 2] ^= 1
    if damage == "cut off":
        del contents[-1]
    elif damage == "longer":
        contents += b"\0"
    release.asset.write_bytes(contents)
    result = release.run()
    assert result.returncode == 1, result
    assert "Binary hash does NOT match" in result.stderr
    assert release.url in result.stderr
    assert "Hint:" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "hello").exists()
    assert _bases(release.cache) == [], "nothing unverified stays in the cache"


def test_a_fetched_base_that_was_damaged_later_is_fetched_again(release: Release) -> None:
    assert release.run().returncode == 0
    fetched = release.cache / "v0.1" / release.asset.name.replace("python-", "fetched-")
    good = fetched.read_bytes()
    fetched.chmod(0o755)
    fetched.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    result = release.run()
    assert result.returncode == 0, result
    assert "Binary hash does NOT match" in result.stdout + result.stderr
    assert fetched.read_bytes() == good
