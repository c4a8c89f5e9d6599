"""Unmodified programs from the package index, packaged by their console scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.environments import make_environment
from acceptance.program import Package, Program
from acceptance.servers import PAGE_TEXT, echo_server
from targets import OLDEST, STATIC

pytestmark = [pytest.mark.base, pytest.mark.index]

TEMPLATE_PROMPTS = {"name": "Example", "slug": "{{ cookiecutter.name | slugify }}", "year": "2001"}


@pytest.fixture(scope="session", params=[STATIC, OLDEST])
def http(request: pytest.FixtureRequest, package: Package) -> Program:
    """httpie's ``http``: requests, plugins found through entry points, pygments' lexers and styles found by name."""
    python = make_environment("httpie==3.2.4")
    return package(python.with_name("http"), request.param, "--python", python)


@pytest.fixture(scope="session", params=[STATIC, OLDEST])
def sqlite_utils(request: pytest.FixtureRequest, package: Package) -> Program:
    """``sqlite-utils``: a click command line with pluggy plugins over SQLite."""
    python = make_environment("sqlite-utils==3.38")
    return package(python.with_name("sqlite-utils"), request.param, "--python", python)


@pytest.fixture(scope="session", params=[STATIC, OLDEST])
def cookiecutter(request: pytest.FixtureRequest, package: Package) -> Program:
    """``cookiecutter``: Jinja templates, extensions loaded by dotted name, YAML, package data."""
    python = make_environment("cookiecutter==2.6.0")
    return package(python.with_name("cookiecutter"), request.param, "--python", python)


def test_httpie_talks_to_a_server(http: Program) -> None:
    with echo_server() as address:
        assert PAGE_TEXT in http.output("--ignore-stdin", "--body", f"{address}/page")
        answer = json.loads(
            http.output("--ignore-stdin", "--body", "POST", f"{address}/notes?x=1", "title=Paint", "n:=3")
        )
    assert answer == {"path": "/notes?x=1", "agent": "HTTPie/3.2.4", "json": {"title": "Paint", "n": 3}}


def test_httpie_colours_and_formats(http: Program) -> None:
    with echo_server() as address:
        output = http.output(
            "--ignore-stdin", "--pretty=all", "--style=monokai", "--print=hb", "POST", f"{address}/x", "a=1"
        )
    assert "\x1b[" in output
    assert "application/json" in output


def test_httpie_says_what_it_is(http: Program) -> None:
    assert http.output("--version") == "3.2.4\n"
    assert "usage:" in http.run("--ignore-stdin").stderr


def test_sqlite_utils_keeps_and_finds_rows(sqlite_utils: Program) -> None:
    rows = json.dumps([{"id": 1, "name": "Ada", "text": "analytical engine"}, {"id": 2, "name": "Grace", "text": "x"}])
    sqlite_utils.output("insert", "people.db", "people", "-", "--pk", "id", text=rows)
    sqlite_utils.output("enable-fts", "people.db", "people", "text", "--fts5")
    assert json.loads(sqlite_utils.output("search", "people.db", "people", "engine", "-c", "name")) == [{"name": "Ada"}]
    table = sqlite_utils.output("rows", "people.db", "people", "--table", "--fmt", "github", "-c", "id", "-c", "name")
    assert table.splitlines() == ["|   id | name   |", "|------|--------|", "|    1 | Ada    |", "|    2 | Grace  |"]
    assert sqlite_utils.output("--version") == "sqlite-utils, version 3.38\n"


def test_sqlite_utils_runs_code_that_the_user_gives(sqlite_utils: Program) -> None:
    sqlite_utils.output("insert", "names.db", "names", "-", "--csv", text="name\nAda\n")
    sqlite_utils.output("convert", "names.db", "names", "name", "value.upper()", "--silent")
    assert json.loads(sqlite_utils.output("rows", "names.db", "names")) == [{"name": "ADA"}]


def _write_template(folder: Path) -> None:
    project = folder / "{{cookiecutter.slug}}"
    project.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text(json.dumps(TEMPLATE_PROMPTS))
    (project / "README.md").write_text("# {{ cookiecutter.name }}, {{ cookiecutter.year }}\n")


def test_cookiecutter_fills_a_template(cookiecutter: Program, tmp_path: Path) -> None:
    _write_template(tmp_path / "template")
    cookiecutter.output("--no-input", "--output-dir", tmp_path / "out", tmp_path / "template", "name=Ada's Engine")
    assert (tmp_path / "out" / "ada-s-engine" / "README.md").read_text() == "# Ada's Engine, 2001\n"
    replay = json.loads((cookiecutter.home / ".cookiecutter_replay" / "template.json").read_text())
    assert replay["cookiecutter"]["slug"] == "ada-s-engine"


def test_cookiecutter_says_what_it_is(cookiecutter: Program) -> None:
    assert cookiecutter.output("--version").startswith("Cookiecutter 2.6.0 from /snapshot/")
