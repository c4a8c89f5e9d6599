"""The command line, from argument to output."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conftest import TlsServer
from notes.cli import main

Run = Callable[..., Result]


@pytest.fixture
def notes(database: Path) -> Run:
    def run(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--db", str(database), *arguments], input=text)

    return run


def test_the_version_is_the_distributions(notes: Run) -> None:
    assert notes("--version").output == f"notes, version {version('notes')}\n"


def test_added_notes_are_listed_in_order(notes: Run) -> None:
    assert notes("add", "Buy paint").output == "1  Buy paint\n"
    assert notes("add", "Call Ada").output == "2  Call Ada\n"
    assert notes("list").output == "1  Buy paint\n2  Call Ada\n"


def test_a_body_comes_from_standard_input(notes: Run) -> None:
    notes("add", "Buy paint", "--body", "-", text="White, two litres")
    assert "White, two litres" in notes("show", "1").output


def test_search_finds_beginnings_of_words(notes: Run) -> None:
    notes("add", "Buy paint", "--body", "White, two litres")
    notes("add", "Call Ada")
    assert notes("search", "lit", "white").output == "1  Buy paint  White, two litres\n"
    nothing = notes("search", "green")
    assert (nothing.exit_code, nothing.output) == (1, "Error: Nothing found.\n")


def test_quotes_in_a_search_are_words_not_syntax(notes: Run) -> None:
    notes("add", 'The "blue" one')
    assert notes("search", '"blue"').output.startswith("1  ")


def test_a_removed_note_is_gone_from_the_index(notes: Run) -> None:
    notes("add", "Buy paint")
    assert notes("remove", "1").exit_code == 0
    assert notes("remove", "1").output == "Error: There is no note 1.\n"
    assert notes("search", "paint").exit_code == 1


def test_export_writes_both_formats(notes: Run, tmp_path: Path) -> None:
    notes("add", "Buy paint", "--body", "White")
    target = tmp_path / "notes.md"
    assert notes("export", "--format", "markdown", "--output", str(target)).exit_code == 0
    assert target.read_text().startswith("# Buy paint\n")
    assert [note["title"] for note in json.loads(notes("export").output)] == ["Buy paint"]


def test_fetch_trusts_the_named_authority(notes: Run, tls_server: TlsServer) -> None:
    assert notes("fetch", tls_server.url, "--ca-file", str(tls_server.ca_file)).output == "1  Handbook\n"
    assert "Lock the door." in notes("show", "1").output


def test_fetch_refuses_a_server_the_packaged_authority_did_not_sign(notes: Run, tls_server: TlsServer) -> None:
    refused = notes("fetch", tls_server.url)
    assert refused.exit_code == 1
    assert "CERTIFICATE_VERIFY_FAILED" in refused.output


def test_fetch_refuses_plain_http(notes: Run) -> None:
    assert "is not an https:// address" in notes("fetch", "http://localhost/").output
