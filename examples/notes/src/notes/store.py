"""Where notes are kept: one SQLite file with a full-text index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Match", "Note", "NoteStore", "open_store"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS notes_index USING fts5(title, body, content='notes', content_rowid='id');
CREATE TRIGGER IF NOT EXISTS notes_added AFTER INSERT ON notes BEGIN
    INSERT INTO notes_index(rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER IF NOT EXISTS notes_removed AFTER DELETE ON notes BEGIN
    INSERT INTO notes_index(notes_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One note; ``created`` is an ISO 8601 time in UTC."""

    id: int
    title: str
    body: str
    created: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A note that a search found, with the words around the hit."""

    note: Note
    excerpt: str


class NoteStore:
    """Adds, finds and removes notes in an open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.executescript(SCHEMA)

    def add(self, title: str, body: str = "") -> Note:
        """Stores a note and returns it with its number."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connection:
            cursor = self._connection.execute(
                "INSERT INTO notes(title, body, created) VALUES (?, ?, ?)", (title, body, created)
            )
        assert cursor.lastrowid is not None
        return Note(id=cursor.lastrowid, title=title, body=body, created=created)

    def all(self) -> list[Note]:
        """Every note, oldest first."""
        rows = self._connection.execute("SELECT id, title, body, created FROM notes ORDER BY id")
        return [_note(row) for row in rows]

    def get(self, number: int) -> Note | None:
        """The note of this number, or ``None``."""
        row = self._connection.execute("SELECT id, title, body, created FROM notes WHERE id = ?", (number,)).fetchone()
        return _note(row) if row else None

    def remove(self, number: int) -> bool:
        """Deletes a note; ``False`` if there was none of this number."""
        with self._connection:
            return self._connection.execute("DELETE FROM notes WHERE id = ?", (number,)).rowcount == 1

    def search(self, words: str) -> list[Match]:
        """Notes that hold every word (or a word beginning with it), best match first."""
        query = " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"*' for word in words.split())
        if not query:
            return []
        rows = self._connection.execute(
            "SELECT notes.id, notes.title, notes.body, notes.created,"
            " snippet(notes_index, 1, '', '', '...', 12)"
            " FROM notes_index JOIN notes ON notes.id = notes_index.rowid"
            " WHERE notes_index MATCH ? ORDER BY rank",
            (query,),
        )
        return [Match(note=_note(row[:4]), excerpt=row[4]) for row in rows]


def _note(row: tuple[int, str, str, str]) -> Note:
    return Note(id=row[0], title=row[1], body=row[2], created=row[3])


@contextmanager
def open_store(path: Path) -> Iterator[NoteStore]:
    """Opens (and if need be creates) the database at ``path``; closes it afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        yield NoteStore(connection)
