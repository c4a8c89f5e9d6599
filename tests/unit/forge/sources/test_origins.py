"""Where archives come from: the mirror may be a server or a directory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from pypkg_core.errors import UnavailableError, UsageError
from pypkg_forge.sources import origins
from pypkg_forge.sources.fetch import Fetcher
from pypkg_forge.sources.origins import Origins, default_origins
from pypkg_forge.sources.pins import Pin
from unit.http_server import RecordingReporter

CONTENTS = b"the archive"


@pytest.fixture(autouse=True)
def no_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has no Debian archives."""
    monkeypatch.setattr(origins, "read_sources", list)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A directory with the archive, called as upstream calls it."""
    folder = tmp_path / "the mirror"
    folder.mkdir()
    (folder / "thing-1.tar.gz").write_bytes(CONTENTS)
    return folder


def pin(version: str = "1", debian: str | None = None) -> Pin:
    return Pin(
        name="thing",
        version=version,
        file=f"thing-{version}.tar.gz",
        sha256=hashlib.sha256(CONTENTS).hexdigest(),
        urls=() if debian is not None else (f"https://example.invalid/thing-{version}.tar.gz",),
        licence="MIT",
        debian=debian,
    )


def mirrored(monkeypatch: pytest.MonkeyPatch, text: str) -> Origins:
    monkeypatch.setenv("PYPKG_SOURCE_MIRROR", text)
    return replace(default_origins(None), upstream=False)


@pytest.mark.parametrize("form", ["path", "file:", "file://localhost"])
def test_the_mirror_may_be_a_directory(monkeypatch: pytest.MonkeyPatch, mirror: Path, form: str) -> None:
    text = str(mirror) if form == "path" else form + mirror.as_uri().removeprefix("file://")
    found = Fetcher(origins=mirrored(monkeypatch, text)).fetch_first("thing", [pin()])
    assert found.path.read_bytes() == CONTENTS
    assert found.path.parent != mirror


def test_a_directory_may_use_debians_names(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> None:
    (mirror / "thing-1.tar.gz").rename(mirror / "thing_1.orig.tar.gz")
    wanted = pin(debian="pool/main/t/thing/thing_1.orig.tar.gz")
    assert Fetcher(origins=mirrored(monkeypatch, str(mirror))).fetch_first("thing", [wanted]).pin == wanted


def test_a_server_is_a_mirror_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    offers = list(mirrored(monkeypatch, "https://example.org/mirror/").offers(pin()))
    assert [str(offer) for offer in offers] == ["https://example.org/mirror/thing-1.tar.gz"]
    assert list(mirrored(monkeypatch, "").offers(pin())) == []


def test_what_each_origin_said_is_told_when_none_has_it(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> None:
    (mirror / "thing-1.tar.gz").write_bytes(b"another")
    reporter = RecordingReporter()
    fetcher = Fetcher(origins=mirrored(monkeypatch, str(mirror)), reporter=reporter)
    with pytest.raises(UnavailableError) as caught:
        fetcher.fetch_first("thing", [pin("2"), pin()])
    expected = f"expected sha256 {hashlib.sha256(CONTENTS).hexdigest()}, got {hashlib.sha256(b'another').hexdigest()}"
    tried = f"{mirror}/thing-2.tar.gz: no such file; {mirror}/thing-1.tar.gz: {expected}"
    assert f"  tried: {tried}\n" in str(caught.value)
    assert "PYPKG_SOURCE_MIRROR" in str(caught.value.hint)
    # That a directory lacks an archive is not told while another origin may have it.
    assert [line for line in reporter.lines if "no such file" in line] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sources", "expected an absolute path, or a URL with http, https or file, got 'sources'"),
        ("ftp://example.org/sources", "got 'ftp://example.org/sources'"),
        ("file://server/share", "got 'file://server/share'"),
        ("/nowhere/at/all", "/nowhere/at/all is not a directory"),
        ("file:///nowhere/at/all", "/nowhere/at/all is not a directory"),
    ],
)
def test_another_mirror_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        mirrored(monkeypatch, text)
    assert str(caught.value).startswith("PYPKG_SOURCE_MIRROR: ")
    assert problem in str(caught.value)
