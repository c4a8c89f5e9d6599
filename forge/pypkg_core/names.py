"""Dotted module names of Python source files (docs.python.org/3/reference/import.html)."""

from __future__ import annotations

from typing import Final

__all__ = ["MAIN_MODULE", "has_module_name", "module_name"]

MAIN_MODULE: Final = "__main__"
"""The module that the interpreter runs; an image that has it is an application."""

_SUFFIX: Final = ".py"


def module_name(path: str) -> str:
    """Return the dotted name of a source file, for ``__init__.py`` that of its package.

    Args:
        path: the file, relative to a directory of ``sys.path``, with ``/`` between names.

    Returns:
        The name, or ``""`` if no import statement can name the file: a part of its path is not an identifier, or it
        is an ``__init__.py`` without a package.
    """
    if not has_module_name(path):
        return ""
    parts = path.removesuffix(_SUFFIX).split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def has_module_name(path: str) -> bool:
    """Return whether ``path`` is a ``.py`` file and every part of it an identifier."""
    return path.endswith(_SUFFIX) and all(part.isidentifier() for part in path[: -len(_SUFFIX)].split("/"))
