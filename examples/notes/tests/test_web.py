"""The web pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from notes.web import create_app


@pytest.fixture
def client(database: Path) -> FlaskClient:
    return create_app(database).test_client()


def test_a_note_can_be_added_and_read(client: FlaskClient) -> None:
    assert "No notes yet." in client.get("/").text
    added = client.post("/", data={"title": "<Paint>", "body": "White"}, follow_redirects=True)
    assert "<h1>&lt;Paint&gt;</h1>" in added.text
    assert "&lt;Paint&gt;" in client.get("/").text


def test_the_page_searches(client: FlaskClient) -> None:
    client.post("/", data={"title": "Buy paint"})
    client.post("/", data={"title": "Call Ada"})
    found = client.get("/?q=paint").text
    assert "Buy paint" in found
    assert "Call Ada" not in found
    assert "Nothing found." in client.get("/?q=green").text


def test_the_styles_are_served(client: FlaskClient) -> None:
    assert "/static/style.css" in client.get("/").text
    with client.get("/static/style.css") as styles:
        assert styles.mimetype == "text/css"
        assert "--accent" in styles.text


def test_what_is_wrong_is_said(client: FlaskClient) -> None:
    assert client.post("/", data={"title": " "}).status_code == 400
    assert "There is no note 7." in client.get("/notes/7").text
