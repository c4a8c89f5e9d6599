"""The string constants of compiled code that may name a module or a file. Standard library only."""

from __future__ import annotations

import re
from types import CodeType
from typing import Any, Final

__all__ = ["all_texts", "file_names", "local_names", "module_names"]

_LONGEST: Final = 200
_NAME: Final = r"[^\W\d]\w*"
_DOTTED: Final = re.compile(rf"{_NAME}(?:\.{_NAME})*(?::{_NAME}(?:\.{_NAME})*)?")
_RELATIVE: Final = re.compile(rf"\.*{_NAME}(?:\.{_NAME})*")
_FILE: Final = re.compile(r"[\w@+(-][\w@+(). -]*(?:/[\w@+(). -]+)*\.\w+")
_SOURCES: Final = (".py", ".pyc", ".pyw")


def all_texts(code: CodeType) -> set[str]:
    """Return the short string constants of a module's code and of all code in it.

    Reading them there takes a small part of the time that searching the syntax tree takes.
    """
    found: set[str] = set()
    stack: list[Any] = [code.co_consts]
    while stack:
        for item in stack.pop():
            kind = type(item)
            if kind is str:
                if len(item) <= _LONGEST:
                    found.add(item)
            elif kind is CodeType:
                stack.append(item.co_consts)
            elif kind is tuple or kind is frozenset:
                stack.append(item)
    return found


def module_names(texts: set[str]) -> list[str]:
    """Return what may be a dotted name of a module, or of something in one: ``conf.settings``, ``web:app``."""
    return sorted(text for text in texts if ("." in text or ":" in text) and _DOTTED.fullmatch(text))


def local_names(texts: set[str]) -> list[str]:
    """Return what may name a module of the same package: ``x``, ``.x``, ``x.y``."""
    return sorted(text for text in texts if _RELATIVE.fullmatch(text))


def file_names(texts: set[str]) -> frozenset[str]:
    """Return what may be the name of a data file, or a path of one relative to a directory."""
    return frozenset(
        text for text in texts if "." in text and not text.endswith(_SOURCES) and _FILE.fullmatch(text)
    )  # fmt: skip
