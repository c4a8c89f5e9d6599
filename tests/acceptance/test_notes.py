"""``examples/notes``, packaged for each target of this host, does everything that it does from source."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import urllib.request
from pathlib import Path

import pytest
import trustme

from acceptance.environments import make_environment
from acceptance.program import Package, Program
from acceptance.servers import PAGE_TEXT, PAGE_TITLE, tls_server
from targets import PARAMETERS

pytestmark = [pytest.mark.base, pytest.mark.index]

NOTES = Path(__file__).parents[2] / "examples" / "notes"
SOURCES = NOTES / "src" / "notes"


@pytest.fixture(scope="session")
def notes_python() -> Path:
    """An environment with notes and its dependencies."""
    contents = [path for path in sorted(NOTES.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    fingerprint = hashlib.sha256(b"".join(path.read_bytes() for path in contents)).hexdigest()
    return make_environment("click==8.1.8", "flask==3.1.1", NOTES, fingerprint=fingerprint)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The certificate authority of an organisation that uses notes."""
    return trustme.CA()


@pytest.fixture(scope="session")
def notes_project(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with that organisation's certificate instead of the example's."""
    project = tmp_path_factory.mktemp("project") / "notes"
    shutil.copytree(NOTES, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    authority.cert_pem.write_to_path(str(project / "src" / "notes" / "certs" / "ca.pem"))
    return project


@pytest.fixture(scope="session", params=PARAMETERS)
def packaged_notes(
    request: pytest.FixtureRequest, package: Package, notes_python: Path, notes_project: Path
) -> Program:
    """notes as one executable."""
    return package(notes_project, request.param, "--python", notes_python)


@pytest.fixture
def notes(packaged_notes: Program, tmp_path: Path) -> Program:
    """The same with an empty home."""
    return Program(path=packaged_notes.path, home=tmp_path)


def _get(address: str) -> tuple[str, str]:
    with urllib.request.urlopen(address, timeout=20) as response:  # noqa: S310 - a loopback address
        return response.headers.get_content_type(), response.read().decode()


def test_the_version_comes_from_the_metadata(notes: Program) -> None:
    assert notes.output("--version") == "notes, version 1.2.0\n"


def test_help_lists_every_command(notes: Program) -> None:
    commands = re.findall(r"^  (\w+) ", notes.output("--help").split("Commands:")[1], re.MULTILINE)
    assert commands == ["add", "export", "fetch", "list", "remove", "search", "serve", "show"]


def test_notes_are_kept_between_runs(notes: Program) -> None:
    assert notes.output("add", "Buy paint", "--body", "White, two litres") == "1  Buy paint\n"
    assert notes.output("add", "Grüße an Ada", "--body", "-", text="Sankt Jürgen 7") == "2  Grüße an Ada\n"
    assert notes.output("list") == "1  Buy paint\n2  Grüße an Ada\n"
    assert notes.output("show", 2).endswith("\n\nSankt Jürgen 7\n")
    assert (notes.home / ".config" / "notes" / "notes.sqlite3").is_file()


def test_search_uses_the_full_text_index(notes: Program) -> None:
    notes.output("--db", "other.sqlite3", "add", "Buy paint", "--body", "White, two litres")
    found = notes.output("search", "lit", "white", env={"NOTES_DB": "other.sqlite3"})
    assert found == "1  Buy paint  White, two litres\n"


def test_export_writes_real_files(notes: Program) -> None:
    notes.output("add", "Buy paint", "--body", "White")
    notes.output("export", "--format", "markdown", "--output", "all.md")
    assert (notes.home / "all.md").read_text().startswith("# Buy paint\n")
    assert json.loads(notes.output("export"))[0]["body"] == "White"


def test_an_error_of_the_program_is_its_own(notes: Program) -> None:
    notes.output("add", "Buy paint")
    notes.output("remove", 1)
    result = notes.run("remove", 1)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "Error: There is no note 1.\n")
    assert notes.run("remove", "one").returncode == 2


def test_pages_render_with_their_styles(notes: Program) -> None:
    notes.output("add", "<Paint>", "--body", "White")
    with notes.started("serve", "--port", 0) as line:
        address = re.findall(r"http://[\d.:]+", line)[0]
        content_type, page = _get(f"{address}/")
        assert content_type == "text/html"
        assert '<a href="/notes/1">&lt;Paint&gt;</a>' in page
        assert "<h1>&lt;Paint&gt;</h1>" in _get(f"{address}/notes/1")[1]
        stylesheets = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
        assert len(stylesheets) == 1
        assert _get(address + stylesheets[0]) == ("text/css", (SOURCES / "static" / "style.css").read_text())
        with urllib.request.urlopen(f"{address}/", data=b"title=Call+Ada&body=Soon", timeout=20) as response:  # noqa: S310
            assert (response.url, response.status) == (f"{address}/notes/2", 200)
    assert notes.output("list") == "1  <Paint>\n2  Call Ada\n"


def test_https_is_verified_against_the_packaged_authority(notes: Program, authority: trustme.CA) -> None:
    with tls_server(authority) as address:
        assert notes.output("fetch", address) == f"1  {PAGE_TITLE}\n"
    assert PAGE_TEXT in notes.output("show", 1)


def test_https_refuses_any_other_authority(notes: Program) -> None:
    with tls_server(trustme.CA()) as address:
        result = notes.run("fetch", address)
    assert (result.returncode, result.stdout) == (1, "")
    assert "CERTIFICATE_VERIFY_FAILED" in result.stderr
