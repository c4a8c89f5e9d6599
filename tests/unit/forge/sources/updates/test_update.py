"""`pypkg-forge pins update` against a server on this machine."""

# ruff: noqa: PLR0917 (fixtures come as positional arguments)

from __future__ import annotations

import difflib
import lzma
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pypkg_forge import cli
from pypkg_forge.sources.apt import AptSource
from pypkg_forge.sources.updates import debian_index, release_data, update
from pypkg_forge.sources.updates.tables import load_tables
from unit.forge.sources.updates.origins import FEW, SOURCES, TARGETS, Origins, digest, write_tables
from unit.http_server import HttpServer

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with small tables that the command edits."""
    file = write_tables(tmp_path / "tables")
    monkeypatch.setattr(update, "load_tables", lambda: load_tables(file, file.parent))
    return file.parent


@pytest.fixture
def origins(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Origins:
    """Both origins; every suite has the pinned OpenSSL."""
    found = Origins(server)
    monkeypatch.setattr(release_data, "API", found.api)
    apt = AptSource(uri=found.archive, suites=("stable",), components=("main",))
    monkeypatch.setattr(update, "read_sources", lambda: [apt])
    for suite in debian_index.SUITES:
        found.package(suite, "openssl", "3.5.7-1~deb13u2", "openssl_3.5.7.orig.tar.gz", sha256=OPENSSL)
    return found


OPENSSL = digest("openssl-3.5.7.tar.gz")


@pytest.fixture
def run(tables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; returns exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pypkg-forge", "pins", "update", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert isinstance(caught.value.code, int)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return caught.value.code, captured.out, captured.err

    return run


def python_of_debian(origins: Origins, suite: str, version: str, *, sha256: str | None = None) -> None:
    series = version.rpartition(".")[0]
    file = f"python{series}_{version}.orig.tar.xz"
    known = sha256 or digest(f"Python-{version}.tar.xz")
    origins.package(suite, f"python{series}", f"{version}-1", file, sha256=known)


def added(tables: Path) -> list[dict[str, object]]:
    """Return the rows of sources.toml that were not there before."""
    old = tomllib.loads(SOURCES)["sources"]
    return [row for row in tomllib.loads((tables / "sources.toml").read_text())["sources"] if row not in old]


def test_a_release_that_both_origins_have_is_pinned(run: Run, origins: Origins, tables: Path) -> None:
    origins.releases = {"3.13.16": {}, "3.13.17": {"filesize": 2023}, "3.11.9": {}, "3.13.18rc1": {}}
    python_of_debian(origins, "unstable", "3.13.17")
    file = "python3.13_3.13.17.orig.tar.xz"
    # Debian's file has the size that upstream's has.
    stanza = origins.suites["unstable"][-1].replace(f" {origins.size(file)} ", " 2023 ")
    origins.suites["unstable"][-1] = stanza
    origins.publish()
    code, out, _ = run("--write")
    assert code == 0
    assert added(tables) == [
        {
            "name": "python",
            "version": "3.13.17",
            "file": "Python-3.13.17.tar.xz",
            "sha256": digest("Python-3.13.17.tar.xz"),
            "size": 2023,
            "urls": ["https://example.org/3.13.17/Python-3.13.17.tar.xz"],
            "debian": f"pool/main/p/python3.13/{file}",
            "licence": "MIT",
            "note": "Debian has it in unstable, which moves on",
        }
    ]
    both = "upstream's release data, Debian's index of unstable"
    assert f"  sha256 {digest('Python-3.13.17.tar.xz')}: {both}\n  size 2023: {both}\n" in out
    assert f"  debian pool/main/p/python3.13/{file}: Debian's index of unstable\n" in out
    assert "python 3.13.16, which has few witnesses, has the pinned hash: upstream's release data\n" in out
    assert "3.11.9" not in out


def test_one_witness_is_noted_and_comments_and_order_stay(run: Run, origins: Origins, tables: Path) -> None:
    python_of_debian(origins, "testing", "3.13.17")
    python_of_debian(origins, "unstable", "3.13.17")
    python_of_debian(origins, "unstable", "3.13.18")
    origins.publish()
    assert run("--write")[0] == 0
    assert [(row["version"], row["note"]) for row in added(tables)] == [("3.13.18", FEW), ("3.13.17", FEW)]
    sources, targets = ((tables / name).read_text() for name in ("sources.toml", "targets.toml"))
    for old, new in ((SOURCES, sources), (TARGETS, targets)):
        removed = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line.startswith("- ")]
        assert removed in ([], ['-     "3.13.16",  # the newest'])
    assert '    "3.13.18", "3.13.17", "3.13.16",  # the newest\n' in targets
    # The new rows come before the newest pin of their series, whose comment stays with it.
    assert sources.index("3.12.14.tar.xz") < sources.index("3.13.18") < sources.index('"3.13.17"')
    assert f'note = "{FEW}"\n\n# Belongs to 3.13.16.\n[[sources]]\nname = "python"\nversion = "3.13.16"' in sources
    code, out, _ = run("--write")
    assert (code, [line for line in out.splitlines() if "proposed" in line]) == (0, [])
    assert "Nothing to pin" in out


def test_without_write_a_diff_is_printed_and_is_the_same_each_time(run: Run, origins: Origins, tables: Path) -> None:
    origins.releases = {"3.12.15": {}}
    python_of_debian(origins, "stable", "3.13.18")
    origins.publish()
    first = run()
    assert first == run()
    assert (tables / "sources.toml").read_text() == SOURCES
    assert (tables / "targets.toml").read_text() == TARGETS
    code, out, _ = first
    assert code == 0
    diff = out[out.index("--- ") :]
    assert diff.startswith("--- a/forge/pypkg_forge/data/sources.toml\n+++ b/forge/pypkg_forge/data/sources.toml\n@@")
    assert '\n-pins = ["3.12.14"]\n+pins = ["3.12.15", "3.12.14"]\n' in diff
    assert str(tables) not in out


def test_a_series_that_the_table_lacks_is_told(run: Run, origins: Origins) -> None:
    origins.releases = {"3.14.0": {}, "3.14.1": {}}
    python_of_debian(origins, "unstable", "3.15.2")
    origins.publish()
    code, out, _ = run()
    assert code == 0
    told = [line for line in out.splitlines() if "is not in the table" in line]
    assert told[0].startswith(
        f"Python 3.14 is not in the table: 3.14.1, Python-3.14.1.tar.xz: sha256 {digest('Python-3.14.1.tar.xz')} (up"
    )
    assert told[1].startswith("Python 3.15 is not in the table: 3.15.2, Python-3.15.2.tar.xz: sha256 ")
    assert len(told) == 2
    assert "Nothing to pin" in out
    assert "/api/release_file/?release=100" not in origins.server.asked


def test_dependencies(run: Run, origins: Origins, tables: Path) -> None:
    for version in ("3.5.9", "3.6.5", "4.0.3", "3.7.0~beta1"):
        origins.package("unstable", "openssl", f"{version}-1", f"openssl_{version}.orig.tar.gz")
    origins.package("testing", "zlib", "1:1.3.dfsg+really1.3.2-3", "zlib_1.3.dfsg+really1.3.2.orig.tar.gz")
    origins.package("testing", "libedit", "3.1-20250104-1", "libedit_3.1-20250104.orig.tar.gz")
    origins.package("testing", "sqlite3", "3.53.4-2", "sqlite3_3.53.4.orig.tar.xz")
    origins.publish()
    code, out, _ = run("--write")
    assert code == 0
    assert [(row["name"], row["version"], row["urls"]) for row in added(tables)] == [
        ("openssl", "3.6.5", ["https://example.org/3.6.5/openssl-3.6.5.tar.gz"])
    ]
    told = [line.split(";")[0] for line in out.splitlines() if "not proposed" in line]
    assert told == [
        "openssl 4.0.3 is not proposed: another major version",
        "zlib 1.3.2 is not proposed: Debian repacked it, and no origin says the sha256 of upstream's file",
        "sqlite 3.53.4 is not proposed: the name of upstream's file cannot be derived from that of a pin",
    ]
    assert digest("zlib_1.3.dfsg+really1.3.2.orig.tar.gz") in out


def test_upstream_without_a_hash_is_completed_by_debian(run: Run, origins: Origins, tables: Path) -> None:
    size = origins.size("python3.13_3.13.17.orig.tar.xz")
    origins.releases = {"3.13.17": {"sha256_sum": "", "filesize": size}, "3.13.18": {"sha256_sum": ""}}
    python_of_debian(origins, "unstable", "3.13.17")
    origins.publish()
    code, out, _ = run("--write")
    assert code == 0
    assert [(row["version"], row["note"]) for row in added(tables)] == [("3.13.17", FEW)]
    assert f"  size {size}: upstream's release data, Debian's index of unstable\n" in out
    assert "python 3.13.18 is not proposed: no origin says its sha256; Python-3.13.18.tar.xz: size " in out


@pytest.mark.parametrize("version", ["3.13.17", "3.13.16"])
def test_origins_that_contradict_each_other(run: Run, origins: Origins, tables: Path, version: str) -> None:
    """3.13.17 is new; 3.13.16 is pinned, so that the table is one of those that say something."""
    origins.releases = {version: {}, "3.12.15": {}}
    python_of_debian(origins, "unstable", version, sha256=digest("another"))
    origins.publish()
    code, _, error = run("--write")
    assert code == 1
    assert f"> Error! Nothing is proposed for python {version}: Python-{version}.tar.xz: its sha256 differs: " in error
    assert f"{digest('another')} (Debian's index of unstable)" in error
    assert [row["version"] for row in added(tables)] == ["3.12.15"]


def test_a_file_that_debian_repacked_must_stay_the_same(run: Run, origins: Origins) -> None:
    origins.package("stable", "libedit", "3.1-20250104-1", "libedit_3.1-20250104.orig.tar.gz", sha256=digest("another"))
    origins.publish()
    code, _, error = run()
    assert code == 1
    assert (
        "Nothing is proposed for libedit 20240808-3.1: libedit_3.1-20250104.orig.tar.gz: its sha256 differs: " in error
    )


def test_an_origin_that_cannot_be_asked(run: Run, origins: Origins, monkeypatch: pytest.MonkeyPatch) -> None:
    python_of_debian(origins, "stable", "3.13.18")
    del origins.suites["oldstable"]
    origins.publish()
    monkeypatch.setattr(release_data, "API", "http://127.0.0.1:1")
    code, out, error = run()
    assert code == 0
    lines = [line for line in error.splitlines() if line.startswith("Not asked: ")]
    assert lines[0].startswith("Not asked: upstream's release data: 127.0.0.1:1 cannot be reached")
    assert lines[1].startswith("Not asked: Debian's index of oldstable: 127.0.0.1:")
    assert "answered 404" in lines[1]
    assert len(lines) == 2
    assert "python 3.13.18 is proposed:" in out


def test_the_next_archive_is_asked(run: Run, origins: Origins, monkeypatch: pytest.MonkeyPatch) -> None:
    python_of_debian(origins, "stable", "3.13.18")
    origins.publish()
    uris = ["http://127.0.0.1:1/debian", origins.archive]
    apt = [AptSource(uri=uri, suites=("sid",), components=("main",)) for uri in uris]
    monkeypatch.setattr(update, "read_sources", lambda: apt)
    code, out, error = run()
    assert (code, "Not asked" in error) == (0, False)
    assert "python 3.13.18 is proposed:" in out


@pytest.mark.parametrize(
    ("uris", "reason"),
    [
        ([], "Debian's index: apt's configuration names no Debian archive"),
        (
            ["http://127.0.0.1:1/d"],
            "Debian's index of unstable, testing, stable, oldstable: 127.0.0.1:1 cannot be reached",
        ),
    ],
)
def test_offline(
    run: Run, origins: Origins, tables: Path, monkeypatch: pytest.MonkeyPatch, uris: list[str], reason: str
) -> None:
    monkeypatch.setattr(release_data, "API", "http://127.0.0.1:1")
    apt = [AptSource(uri=uri, suites=("sid",), components=("main",)) for uri in uris]
    monkeypatch.setattr(update, "read_sources", lambda: apt)
    code, out, error = run("--write")
    assert (code, out) == (1, "")
    lines = [line for line in error.splitlines() if line.startswith("Not asked: ")]
    assert len(lines) == 2
    assert lines[1].startswith(f"Not asked: {reason}")
    assert "> Error! Cannot look for new releases: no origin could be asked\nHint: " in error
    assert added(tables) == []


RELEASES = "/api/release/?is_published=true&pre_release=false&version=3"
FILES = "/api/release_file/?release=100"
INDEX = "/debian/dists/testing/main/source/Sources.xz"
STANZA = (
    "Package: python3.13\nVersion: {version}\nDirectory: {folder}\n"
    "Checksums-Sha256:\n {digest} {size} python3.13_3.13.20.orig.tar.xz\n"
)


def index(
    version: str = "3.13.20-1", folder: str = "pool/main/p/python3.13", size: str = "7", digest: str = "a" * 64
) -> bytes:
    return lzma.compress(STANZA.format(version=version, folder=folder, size=size, digest=digest).encode())


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        (RELEASES, b"<html>", "upstream's release data: expected JSON ("),
        (RELEASES, b"[" * 100_000, "upstream's release data: expected JSON ("),
        (RELEASES, b'{"a": 1}', "upstream's release data: expected an array of objects, got {'a': 1}"),
        (RELEASES, b"[1]", "upstream's release data: expected an array of objects, got [1]"),
        (RELEASES, b'[{"name": 3}]', "upstream's release data: expected a string as name, got 3"),
        (
            RELEASES,
            b'[{"name": "Python 3.13.999"}]',
            "expected the name of a release such as 'Python 3.13.5', got 'Python 3.13.999'",
        ),
        (RELEASES, b'[{"name": "Python 3.1300.1"}]', "expected the name of a release such as"),
        (RELEASES, b'[{"name": "Python 3.13.9", "resource_uri": "x"}]', "resource_uri does not name a release: 'x'"),
        (FILES, b"[{}]", "upstream's release data: expected a string as url, got None"),
        (FILES, b"\xff", "upstream's release data: Python 3.13.20: expected JSON ("),
        (
            FILES,
            b'[{"url": "x/Python-3.13.20.tar.xz", "sha256_sum": "abc", "filesize": 7}]',
            "data: Python-3.13.20.tar.xz: expected a sha256 of 64 lower-case hexadecimal digits, got 'abc'",
        ),
        (
            FILES,
            b'[{"url": "x/Python-3.13.20.tar.xz", "filesize": -7}]',
            "expected a size of 1 to 1073741824 bytes, got -7",
        ),
        (INDEX, b"<html>", "Debian's index of testing: expected an index compressed with xz ("),
        (INDEX, index()[:-20], "Debian's index of testing: expected an index compressed with xz ("),
        (INDEX, lzma.compress(b"\xff: \n"), "Debian's index of testing: expected an index compressed with xz ("),
        (
            INDEX,
            lzma.compress(b"Package: other\n"),
            "Debian's index of testing: it names none of the packages of the table",
        ),
        (INDEX, index(version="3.13.999-1"), "python3.13 '3.13.999-1': expected a release of Python 3.13"),
        (INDEX, index(version="9.9.9-1"), "python3.13 '9.9.9-1': expected a release of Python 3.13"),
        (INDEX, index(version="../../x"), "python3.13 '../../x': expected the version of a package"),
        (INDEX, index(version="3.13.21-1"), "expected the sha256 of a file python3.13_3.13.21.orig.tar.*"),
        (INDEX, index(digest="a" * 63), "Debian's index of testing: python3.13 '3.13.20-1': expected a sha256 of 64"),
        (INDEX, index(digest="a b"), "expected sha256, size and name of a file, got "),
        (INDEX, index(size="many"), "expected a size of 1 to 1073741824 bytes, got 'many'"),
        (INDEX, index(folder='pool/main/x"/y'), "expected a directory below pool/main, got 'pool/main/x\"/y'"),
    ],
)
def test_bad_data_is_one_error_and_the_others_are_used(
    run: Run, origins: Origins, tables: Path, path: str, data: bytes, words: str
) -> None:
    origins.releases = {"3.13.20": {}}
    python_of_debian(origins, "unstable", "3.12.20")
    origins.publish()
    origins.server.files[path] = data
    code, _, error = run("--write")
    assert code == 1
    lines = [line for line in error.splitlines() if line.startswith("> Error! ")]
    assert len(lines) == 1
    assert lines[0].startswith("> Error! Cannot use ")
    assert words in lines[0]
    assert "3.12.20" in [row["version"] for row in added(tables)]


@pytest.mark.parametrize(("module", "path"), [(release_data, RELEASES), (debian_index, INDEX)])
def test_answers_have_a_limit(
    run: Run, origins: Origins, monkeypatch: pytest.MonkeyPatch, module: object, path: str
) -> None:
    origins.publish()
    monkeypatch.setattr(module, "_LIMIT", 10_000)
    origins.server.files[path] = b" " * 20_000
    code, _, error = run()
    assert code == 1
    assert "expected at most 10000 bytes, got more" in error


def test_an_index_that_grows_has_a_limit(run: Run, origins: Origins, monkeypatch: pytest.MonkeyPatch) -> None:
    origins.publish()
    monkeypatch.setattr(debian_index, "_UNPACKED_LIMIT", 1 << 22)
    origins.server.files[INDEX] = lzma.compress(b" " * (1 << 23))
    code, _, error = run()
    assert code == 1
    assert "Debian's index of testing: expected at most 4194304 bytes, got more" in error
