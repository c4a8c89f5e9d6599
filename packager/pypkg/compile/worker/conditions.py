"""Conditions that decide whether a statement runs: the target, ``TYPE_CHECKING``, handlers. Standard library only."""

from __future__ import annotations

import ast
import sys
from typing import Any, Final, NamedTuple

from .syntax import dotted_name, literal

__all__ = [
    "System",
    "catches_import_error",
    "catches_name_error",
    "gives_up",
    "is_type_checking",
    "suppresses_import_error",
    "target_condition",
]

_IMPORT_ERRORS: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class System(NamedTuple):
    """The target's system: ``sys.platform`` and ``os.name``."""

    platform: str
    os_name: str


def target_condition(test: ast.expr, system: System) -> bool | None:
    """Return the value of a condition that the target alone decides, otherwise ``None``.

    Args:
        test: a condition on ``sys.platform``, ``os.name`` or ``sys.version_info``, or a combination of these.
        system: the target's; the Python version is that of the running interpreter.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = target_condition(test.operand, system)
        return None if value is None else not value
    if isinstance(test, ast.BoolOp):
        values = [target_condition(operand, system) for operand in test.values]
        decisive = isinstance(test.op, ast.Or)
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compare(test.left, test.ops[0], test.comparators[0], system)
    if isinstance(test, ast.Call) and dotted_name(test.func) == "sys.platform.startswith" and len(test.args) == 1:
        prefix = getattr(test.args[0], "value", None)
        return system.platform.startswith(prefix) if isinstance(prefix, str) else None
    return None


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr, system: System) -> bool | None:
    name, value = dotted_name(left), literal(right)
    actual: Any
    if name == "sys.platform" and isinstance(value, (str, tuple)):
        actual = system.platform
    elif name == "os.name" and isinstance(value, (str, tuple)):
        actual = system.os_name
    elif name == "sys.version_info" and isinstance(value, tuple) and 0 < len(value) <= 2:
        # The target's patch release may differ, so two numbers decide; as in CPython, (3, 13) < (3, 13, 5).
        actual = (*sys.version_info[:2], 0) if len(value) == 2 else tuple(sys.version_info[:3])
    elif name == "sys.version_info[:2]" and isinstance(value, tuple):
        actual = tuple(sys.version_info[:2])
    elif name in ("sys.version_info[0]", "sys.version_info.major") and isinstance(value, int):
        actual = 3
    else:
        return None
    if isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(actual, (str, int)):
        return bool(actual == value) == isinstance(op, ast.Eq)
    if isinstance(op, (ast.In, ast.NotIn)) and isinstance(value, tuple):
        return (actual in value) == isinstance(op, ast.In)
    if isinstance(actual, str) or isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)):
        return None
    orders = {ast.Lt: actual < value, ast.LtE: actual <= value, ast.Gt: actual > value, ast.GtE: actual >= value}
    return orders.get(type(op))


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition holds for type checkers only."""
    return dotted_name(test).rpartition(".")[2] in ("TYPE_CHECKING", "MYPY")


def catches_import_error(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches the failure of an import."""
    return not _IMPORT_ERRORS.isdisjoint(_exception_names(handler.type))


def catches_name_error(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches the use of a name that nobody may have defined: ``get_ipython``, ``__IPYTHON__``."""
    return "NameError" in _exception_names(handler.type)


def gives_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by raising or leaving the program, so that the import is needed after all."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise):
        return True
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return dotted_name(last.value.func) in ("sys.exit", "exit", "quit", "os._exit")
    return False


def suppresses_import_error(node: ast.expr) -> bool:
    """Whether a context manager is ``contextlib.suppress`` of an import's failure."""
    if not isinstance(node, ast.Call) or dotted_name(node.func).rpartition(".")[2] != "suppress":
        return False
    return any(not _IMPORT_ERRORS.isdisjoint(_exception_names(argument)) for argument in node.args)


def _exception_names(node: ast.expr | None) -> list[str]:
    if node is None:
        return ["BaseException"]
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return [dotted_name(item).rpartition(".")[2] for item in items]
