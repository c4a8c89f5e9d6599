"""The notes as web pages."""

from __future__ import annotations

from pathlib import Path

import flask
from werkzeug.wrappers import Response

from notes.store import NoteStore, open_store

__all__ = ["create_app"]


def create_app(database: Path) -> flask.Flask:
    """A Flask application that shows and edits the notes in ``database``."""
    app = flask.Flask(__name__)

    @app.before_request
    def open_database() -> None:
        # SQLite connections belong to one thread; each request has its own.
        flask.g.opened = open_store(database)
        flask.g.store = flask.g.opened.__enter__()

    @app.teardown_request
    def close_database(_error: BaseException | None) -> None:
        if "opened" in flask.g:
            flask.g.opened.__exit__(None, None, None)

    @app.get("/")
    def index() -> str:
        store: NoteStore = flask.g.store
        words = flask.request.args.get("q", "").strip()
        notes = [match.note for match in store.search(words)] if words else store.all()
        return flask.render_template("index.html", notes=notes, words=words)

    @app.post("/")
    def add() -> Response:
        store: NoteStore = flask.g.store
        title = flask.request.form.get("title", "").strip()
        if not title:
            flask.abort(400, "A note needs a title.")
        note = store.add(title, flask.request.form.get("body", ""))
        return flask.redirect(flask.url_for("show", number=note.id))

    @app.get("/notes/<int:number>")
    def show(number: int) -> str:
        store: NoteStore = flask.g.store
        note = store.get(number)
        if note is None:
            flask.abort(404, f"There is no note {number}.")
        return flask.render_template("note.html", note=note)

    return app
