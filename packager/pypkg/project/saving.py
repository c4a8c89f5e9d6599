"""Add to lists in ``[tool.pypkg]``, or in the file of ``--config``; comments and the rest stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import UsageError

__all__ = ["add_to_toml", "save_settings", "toml_lines"]

_TABLE: Final = "tool.pypkg"
_HEADER: Final = re.compile(r"^[ \t]*\[[^\n]*\][ \t]*(?:#[^\n]*)?$", re.MULTILINE)


def toml_lines(settings: Mapping[str, Sequence[str]]) -> list[str]:
    """Return settings as lines of TOML."""
    return [f"{key} = [{', '.join(json.dumps(item, ensure_ascii=False) for item in value)}]"
            for key, value in settings.items()]  # fmt: skip


def save_settings(file: Path, settings: Mapping[str, Sequence[str]]) -> None:
    """Add items to lists of a configuration.

    Args:
        file: a ``pyproject.toml``, or a TOML or JSON file of pypkg's own.
        settings: key -> items to add.

    Raises:
        UsageError: the file cannot be written, or has a form that cannot be added to.
    """
    try:
        text = file.read_text("utf-8")
        if file.suffix.lower() == ".json":
            document = json.loads(text)
            table = document.get("pypkg", document)
            for key, items in settings.items():
                table[key] = [*table.get(key, []), *items]
            changed = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        else:
            own = file.name != "pyproject.toml" and "pypkg" not in tomllib.loads(text).get("tool", {})
            changed = add_to_toml(text, "" if own else _TABLE, settings)
        with atomic_write(file) as out:
            out.write(changed.encode())
    except (OSError, ValueError, AttributeError, TypeError) as error:
        lines = "\n".join(toml_lines(settings))
        raise UsageError(f"Cannot add to {file}: {error}", hint=f"Add by hand:\n{lines}") from error


def add_to_toml(text: str, table: str, settings: Mapping[str, Sequence[str]]) -> str:
    """Return TOML with items added to lists of a table.

    Args:
        text: a TOML document.
        table: dotted name; ``""`` for the document itself.
        settings: key -> items to add.

    Raises:
        ValueError: the table or a list is written in a form that this does not add to.
    """
    wanted = _wanted(tomllib.loads(text), table, settings)
    if text and not text.endswith("\n"):
        text += "\n"
    start, end = _span(text, table)
    if start < 0:
        text += ("\n" if text else "") + f"[{table}]\n"
        start = end = len(text)
    for key, items in settings.items():
        at, choices = _insertion(text[start:end], key, items)
        at += start
        changed = next(
            choice for choice in choices if choice == choices[-1] or _is_toml(text[:at] + choice + text[at:])
        )
        text = text[:at] + changed + text[at:]
        end += len(changed)
    if tomllib.loads(text) != wanted:
        raise ValueError(f"[{table}] is written in a form that pypkg does not change")
    return text


def _insertion(body: str, key: str, items: Sequence[str]) -> tuple[int, list[str]]:
    """Return where a list's new items go in the lines of its table, and as what, one of which is right."""
    (line,) = toml_lines({key: items})
    found = re.search(rf"^[ \t]*(?:{re.escape(key)}|\"{re.escape(key)}\")[ \t]*=[ \t]*\[", body, re.MULTILINE)
    if found is None:
        return 0, [line + "\n"]
    inner = line.partition("[")[2][:-1]
    at = _end_of_list(body, found.end() - 1)
    return at, [inner] if not body[found.end() : at].strip() else [f", {inner}", inner]


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _wanted(document: dict[str, Any], table: str, settings: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    inner = document
    for part in table.split(".") if table else ():
        inner = inner.setdefault(part, {})
    for key, items in settings.items():
        inner[key] = [*inner.get(key, []), *items]
    return document


def _span(text: str, table: str) -> tuple[int, int]:
    """Return where the lines of a table begin and end; -1 without such a table."""
    start = 0
    if table:
        header = re.search(rf"^[ \t]*\[{re.escape(table)}\][^\n]*(?:\n|\Z)", text, re.MULTILINE)
        if header is None:
            return -1, -1
        start = header.end()
    following = _HEADER.search(text, start)
    return start, following.start() if following else len(text)


def _end_of_list(body: str, start: int) -> int:
    """Return where the list that begins at ``start`` has its closing bracket."""
    for found in re.finditer(r"\]", body[start:]):
        end = start + found.start()
        try:
            tomllib.loads(f"x = {body[start : end + 1]}")
        except tomllib.TOMLDecodeError:
            continue
        return end
    raise ValueError("a list has no end")
