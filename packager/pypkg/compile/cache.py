"""The compile cache: the workers' answers, by the hash of everything that an answer depends on."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Final

from pypkg.compile.process import WORKER, Facts

__all__ = ["CompileCache", "scanner_stamp"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS module (key BLOB PRIMARY KEY, used INTEGER, check_ BLOB, found TEXT, code BLOB);
CREATE TABLE IF NOT EXISTS interpreter (key TEXT PRIMARY KEY, facts TEXT) WITHOUT ROWID;
"""
_SELECT: Final = "SELECT used, check_, found, code FROM module WHERE key = ?"
_FILE: Final = "modules-1.sqlite"
_MAX_BYTES: Final = 512 * 1024 * 1024
_DAY: Final = 86_400


def scanner_stamp() -> bytes:
    """Return a hash of the worker's own sources: a changed worker may answer differently."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(WORKER.parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


class CompileCache:
    """Answers kept between runs in one SQLite file.

    A cache that cannot be opened, is damaged or stays locked counts as empty; it is never an error.

    Args:
        directory: the file's directory; created when missing.
    """

    def __init__(self, directory: Path) -> None:
        self._new: list[tuple[bytes, int, bytes, str, bytes]] = []
        self._touched: list[bytes] = []
        self._today = int(time.time()) // _DAY
        self._path = directory / _FILE
        self._database: sqlite3.Connection | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            # Only a file that is proven damaged is deleted: a locked one is in use by another run.
            if not isinstance(error, sqlite3.OperationalError):
                self._discard()
        except OSError:
            self._database = None

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        database.execute("PRAGMA synchronous=OFF")
        database.executescript(_SCHEMA)
        return database

    def _discard(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None
        try:
            self._path.unlink(missing_ok=True)
            self._database = self._open()
        except (OSError, sqlite3.Error):
            self._database = None

    def get(self, key: bytes) -> tuple[str, bytes] | None:
        """Return (findings as JSON, code), or ``None``."""
        if self._database is None:
            return None
        try:
            row = self._database.execute(_SELECT, (key,)).fetchone()
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:
            self._discard()
            return None
        if row is None or not isinstance(row[2], str) or not isinstance(row[3], bytes):
            return None
        used, check, findings, code = row
        if check != _check(key, findings, code):
            return None
        if used != self._today:
            self._touched.append(key)
        return findings, code

    def put(self, key: bytes, findings: str, code: bytes) -> None:
        """Store an answer; :meth:`close` writes it."""
        self._new.append((key, self._today, _check(key, findings, code), findings, code))

    def facts(self, python: Path) -> Facts | None:
        """Return the stored facts of an interpreter, ``None`` when there are none or its file has changed."""
        identity = _identity(python)
        if self._database is None or identity is None:
            return None
        try:
            row = self._database.execute("SELECT facts FROM interpreter WHERE key = ?", (identity,)).fetchone()
            return Facts.from_json(json.loads(row[0])) if row else None
        except (sqlite3.Error, ValueError, KeyError, TypeError):
            return None

    def put_facts(self, python: Path, facts: Facts) -> None:
        """Store what an interpreter reports about itself."""
        identity = _identity(python)
        if self._database is None or identity is None:
            return
        value = json.dumps(facts.to_json())
        try:
            self._database.execute("INSERT OR REPLACE INTO interpreter VALUES (?, ?)", (identity, value))
        except sqlite3.Error:
            return

    def close(self) -> None:
        """Write new answers; when the file has grown too large, delete those unused for longest."""
        database, self._database = self._database, None
        if database is None:
            return
        try:
            if self._new or self._touched:
                database.execute("BEGIN IMMEDIATE")
                database.executemany("INSERT OR REPLACE INTO module VALUES (?, ?, ?, ?, ?)", self._new)
                database.executemany(
                    "UPDATE module SET used = ? WHERE key = ?", [(self._today, key) for key in self._touched]
                )
                if self._new and self._path.stat().st_size > _MAX_BYTES:
                    database.execute(
                        "DELETE FROM module WHERE used <= (SELECT used FROM module ORDER BY used"
                        " LIMIT 1 OFFSET (SELECT count(*) / 2 FROM module)) AND used < ?",
                        (self._today,),
                    )
                database.execute("COMMIT")
        except (sqlite3.Error, OSError):
            return
        finally:
            database.close()
            self._new, self._touched = [], []


def _check(key: bytes, findings: str, code: bytes) -> bytes:
    digest = hashlib.blake2b(key, digest_size=8)
    digest.update(findings.encode())
    digest.update(b"\0")
    digest.update(code)
    return digest.digest()


def _identity(python: Path) -> str | None:
    try:
        state = python.stat()
    except OSError:
        return None
    return f"{python}:{state.st_size}:{state.st_mtime_ns}:{state.st_ino}"
