"""Which lock applies to a project."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pypkg.environment.locks import LOCK_FILES
from pypkg.environment.locks.lock import Lock
from pypkg.environment.locks.pylock import is_pylock, parse_pylock
from pypkg.environment.locks.requirements_file import read_requirements_file
from pypkg.environment.locks.uv_lock import parse_uv_lock
from pypkg_core.errors import UsageError
from pypkg_core.toml_tables import load_toml

__all__ = ["find_lock"]

# Locks of other tools -> the command that writes one that is read.
_OTHERS: Final = {
    "poetry.lock": "poetry export -f requirements.txt -o requirements.txt",
    "pdm.lock": "pdm export -f pylock -o pylock.toml",
    "Pipfile.lock": "pipenv requirements --hash > requirements.txt",
}


def find_lock(root: Path | None, explicit: Path | None) -> Lock | None:
    """Read the lock of a project.

    Args:
        root: the project's directory, whose ``pylock.toml`` or else ``uv.lock`` is taken; ``None`` for none.
        explicit: the file that the user names: one of those by its name or contents, or a requirements file.

    Raises:
        UsageError: the file cannot be read, is damaged, or has a version that pypkg does not know; file and key are
            named.
    """
    if explicit is not None:
        return _read(explicit)
    path = next((root / name for name in LOCK_FILES if root is not None and (root / name).is_file()), None)
    return _read(path) if path is not None else None


def _read(path: Path) -> Lock:
    if path.name in _OTHERS:
        raise UsageError(
            f"Cannot read {path}: expected pylock.toml, uv.lock or a requirements file",
            hint=f"Run `{_OTHERS[path.name]}` and name that file",
        )
    if path.suffix not in (".toml", ".lock"):
        return read_requirements_file(path).lock
    document = load_toml(path, UsageError)
    if is_pylock(path) or "lock-version" in document:
        return parse_pylock(path, document)
    if path.name == "uv.lock" or "package" in document:
        return parse_uv_lock(path, document)
    raise UsageError(
        f"Cannot read {path}: expected the key lock-version (pylock.toml) or package (uv.lock), got "
        f"{', '.join(document) or 'an empty file'}",
    )
