"""Small questions about expressions in a syntax tree. Standard library only."""

from __future__ import annotations

import ast
from typing import Any

__all__ = ["call_name", "dotted_name", "literal", "mentions"]


def dotted_name(node: ast.expr) -> str:
    """Return the source text of a chain of names (``os.name``, ``sys.version_info[:2]``), ``?`` for other parts."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Slice) and node.slice.lower is None and node.slice.upper is not None:
            return f"{dotted_name(node.value)}[:{getattr(node.slice.upper, 'value', '?')}]"
        return f"{dotted_name(node.value)}[{getattr(node.slice, 'value', '?')}]"
    return "?"


def call_name(node: ast.Call) -> str:
    """Return the last name of the called function, ``""`` for a computed one."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literal(node: ast.expr) -> Any:
    """Return the value of a constant, or of a sequence of constants as a tuple; ``None`` for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(isinstance(item, ast.Constant) for item in node.elts):
        return tuple(item.value for item in node.elts if isinstance(item, ast.Constant))
    return None


def mentions(test: ast.expr, name: str) -> bool:
    """Whether ``name`` occurs in an expression, as a variable or an attribute."""
    return any(name in (getattr(node, "attr", ""), getattr(node, "id", "")) for node in ast.walk(test))
