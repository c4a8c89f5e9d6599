"""Notes as text for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from notes.store import Note

__all__ = ["FORMATS"]


def _as_json(notes: Sequence[Note]) -> str:
    return json.dumps([asdict(note) for note in notes], indent=2, ensure_ascii=False) + "\n"


def _as_markdown(notes: Sequence[Note]) -> str:
    return "\n".join(f"# {note.title}\n\n*{note.created}*\n\n{note.body}\n" for note in notes)


FORMATS: Mapping[str, Callable[[Sequence[Note]], str]] = {"json": _as_json, "markdown": _as_markdown}
