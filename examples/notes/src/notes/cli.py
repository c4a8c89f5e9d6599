"""The command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from notes.export import FORMATS
from notes.fetch import fetch_page
from notes.store import Note, open_store

__all__ = ["main"]


def _default_database() -> Path:
    return Path(os.environ.get("NOTES_DB") or Path(click.get_app_dir("notes"), "notes.sqlite3"))


def _show_line(note: Note, excerpt: str = "") -> None:
    click.echo(f"{note.id}  {note.title}" + (f"  {excerpt}" if excerpt else ""))


@click.group()
@click.version_option(package_name="notes", prog_name="notes")
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), help="The database file.")
@click.pass_context
def main(context: click.Context, db: Path | None) -> None:
    """Notes on the command line and in the browser."""
    context.obj = db or _default_database()


@main.command()
@click.argument("title")
@click.option("--body", default="", help="The text; - reads standard input.")
@click.pass_obj
def add(db: Path, title: str, body: str) -> None:
    """Store a note."""
    with open_store(db) as store:
        _show_line(store.add(title, sys.stdin.read() if body == "-" else body))


@main.command("list")
@click.pass_obj
def list_notes(db: Path) -> None:
    """List all notes, oldest first."""
    with open_store(db) as store:
        for note in store.all():
            _show_line(note)


@main.command()
@click.argument("number", type=int)
@click.pass_obj
def show(db: Path, number: int) -> None:
    """Show one note."""
    with open_store(db) as store:
        note = store.get(number)
    if note is None:
        raise click.ClickException(f"There is no note {number}.")
    click.echo(f"{note.title}\n{note.created}\n\n{note.body}")


@main.command()
@click.argument("number", type=int)
@click.pass_obj
def remove(db: Path, number: int) -> None:
    """Delete one note."""
    with open_store(db) as store:
        if not store.remove(number):
            raise click.ClickException(f"There is no note {number}.")


@main.command()
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def search(db: Path, words: tuple[str, ...]) -> None:
    """Find notes by their words."""
    with open_store(db) as store:
        matches = store.search(" ".join(words))
    if not matches:
        raise click.ClickException("Nothing found.")
    for match in matches:
        _show_line(match.note, match.excerpt)


@main.command()
@click.option("--format", "format_name", type=click.Choice(sorted(FORMATS)), default="json", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@click.pass_obj
def export(db: Path, format_name: str, output: click.utils.LazyFile) -> None:
    """Write all notes as text."""
    with open_store(db) as store:
        output.write(FORMATS[format_name](store.all()))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0 takes a free one.")
@click.pass_obj
def serve(db: Path, host: str, port: int) -> None:
    """Show the notes as web pages."""
    # The other commands start faster without Flask.
    from werkzeug.serving import make_server

    from notes.web import create_app

    server = make_server(host, port, create_app(db), threaded=True)
    click.echo(f"Serving on http://{host}:{server.port}/ (Ctrl-C ends)")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


@main.command()
@click.argument("url")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust these authorities instead of the packaged one.",
)
@click.pass_obj
def fetch(db: Path, url: str, ca_file: Path | None) -> None:
    """Store a page from an HTTPS server as a note."""
    try:
        page = fetch_page(url, ca_file=ca_file)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"Cannot fetch {url}: {error}") from error
    with open_store(db) as store:
        _show_line(store.add(page.title, page.text))


if __name__ == "__main__":
    main()
