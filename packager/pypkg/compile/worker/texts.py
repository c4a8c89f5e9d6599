"""The texts that an expression can have: literals, names of literals, known parts. Standard library only."""

from __future__ import annotations

import ast
import re
from typing import Final, NamedTuple

from .syntax import call_name, dotted_name

__all__ = ["ANY", "OWN", "Texts", "reads_environment"]

ANY: Final = "*"
"""Stands for a part of a text that is computed."""
OWN: Final = "\x01"
"""Stands at the start of a text for the module's own package; twice for the package around it."""

_MOST: Final = 500  # texts of one expression; a table of more names is taken as computed
_DEPTH: Final = 12  # names that are given other names
_FIELD: Final = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*[sd]")
_FORMAT_FIELD: Final = re.compile(r"\{[^{}]*\}")
_SAME_ELEMENTS: Final = frozenset({"sorted", "list", "tuple", "set", "frozenset", "reversed", "iter"})


class _Drawn(NamedTuple):
    """A name that gets elements of a collection: which collection, its keys or values, and which part of each."""

    over: ast.expr
    keys: bool
    position: int


class Texts:
    """The names of one module that are given texts, in whatever scope, and the texts of expressions.

    Args:
        stem: name of the module's file without its suffix.
    """

    def __init__(self, stem: str) -> None:
        self.own_name = OWN if stem == "__init__" else f"{OWN}.{stem}"
        self._values: dict[str, list[ast.expr | None]] = {}
        self._drawn: dict[str, list[_Drawn]] = {}
        self._known: dict[str, list[str]] = {}
        self._open: set[str] = set()

    def assign(self, target: ast.expr, value: ast.expr | None) -> None:
        """Remember ``target = value``; ``None`` for a value that is not in the text: a parameter's."""
        self._known.clear()
        if isinstance(target, ast.Name):
            self._values.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Subscript):  # module, name = TABLE[key]
            self._unpack(target, value.value, keys=False)

    def loop(self, target: ast.expr, over: ast.expr) -> None:
        """Remember ``for target in over``."""
        self._known.clear()
        if isinstance(target, ast.Name):
            self._drawn.setdefault(target.id, []).append(_Drawn(over, keys=True, position=-1))
        elif isinstance(target, ast.Tuple):
            if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
                for name, keys in zip(target.elts, (True, False), strict=False):
                    if isinstance(name, ast.Name):
                        self._drawn.setdefault(name.id, []).append(_Drawn(over.func.value, keys=keys, position=-1))
            else:
                self._unpack(target, over, keys=True)

    def _unpack(self, target: ast.Tuple, over: ast.expr, *, keys: bool) -> None:
        for position, name in enumerate(target.elts):
            if isinstance(name, ast.Name):
                self._drawn.setdefault(name.id, []).append(_Drawn(over, keys=keys, position=position))

    def of(self, node: ast.expr | None, depth: int = 0) -> list[str]:
        """Return the texts that an expression can have, each once; ``ANY`` stands for what is computed."""
        found = self._of(node, depth + 1) if node is not None and depth < _DEPTH else [ANY]
        return list(dict.fromkeys(found)) if 0 < len(found) <= _MOST else [ANY]

    def _of(self, node: ast.expr, depth: int) -> list[str]:  # noqa: PLR0911  # one for each kind of expression
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [ANY]
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._name(node, depth)
        if isinstance(node, ast.JoinedStr):
            return self._joined([part.value if isinstance(part, ast.FormattedValue) else part for part in node.values],
                                depth)  # fmt: skip
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Add):
                return self._joined([node.left, node.right], depth)
            return [_FIELD.sub(ANY, text) for text in self.of(node.left, depth)]
        if isinstance(node, ast.IfExp):
            return self.of(node.body, depth) + self.of(node.orelse, depth)
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self.of(value, depth)]
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth)
        return self._call(node, depth) if isinstance(node, ast.Call) else [ANY]

    def _name(self, node: ast.Name | ast.Attribute, depth: int) -> list[str]:
        name = dotted_name(node)
        if name == "__name__":
            return [self.own_name]
        if name in ("__package__", "__spec__.parent"):
            return [OWN]
        name = _plain(name)
        if name in self._known:
            return self._known[name]
        if name in self._open:  # text = text + "x"
            return [ANY]
        self._open.add(name)
        found = [text for value in self._values.get(name, ()) for text in self.of(value, depth)]
        for drawn in self._drawn.get(name, ()):
            found += self._elements_texts(drawn, depth)
        self._open.discard(name)
        self._known[name] = found = list(dict.fromkeys(found)) or [ANY]
        return found

    def _joined(self, parts: list[ast.expr], depth: int) -> list[str]:
        found = [""]
        for part in parts:
            texts = self.of(part, depth)
            if len(found) * len(texts) > _MOST:
                texts = [ANY]
            found = [start + text for start in found for text in texts]
        return found

    def _subscript(self, node: ast.Subscript, depth: int) -> list[str]:
        call = node.value
        if isinstance(call, ast.Call) and call_name(call) in ("rpartition", "rsplit") and _is_zero(node.slice):
            if isinstance(call.func, ast.Attribute):  # __name__.rpartition(".")[0]
                return [_without_last(text) for text in self.of(call.func.value, depth)]
        elif isinstance(call, ast.Call) and call_name(call) in ("partition", "split") and _is_zero(node.slice):
            separator = call.args[0] if call.args else None
            if isinstance(call.func, ast.Attribute) and isinstance(separator, ast.Constant):
                return [text.split(str(separator.value))[0] for text in self.of(call.func.value, depth)]
        return self._elements_texts(_Drawn(call, keys=False, position=-1), depth)

    def _call(self, node: ast.Call, depth: int) -> list[str]:  # noqa: PLR0911  # one for each kind of call
        name = call_name(node)
        function = node.func
        if name == "str" and len(node.args) == 1:
            return self.of(node.args[0], depth)
        if reads_environment(node, name):
            return self.of(node.args[1], depth) if len(node.args) > 1 else [ANY]
        if not isinstance(function, ast.Attribute):
            return [ANY]
        if name == "format":
            return [_FORMAT_FIELD.sub(ANY, text) for text in self.of(function.value, depth)]
        if name == "join" and node.args and isinstance(node.args[0], (ast.Tuple, ast.List)):
            parts = [part for item in node.args[0].elts for part in (function.value, item)][1:]
            return self._joined(parts, depth) if parts else [""]
        if name == "get" and node.args:
            found = self._elements_texts(_Drawn(function.value, keys=False, position=-1), depth)
            return found if len(node.args) == 1 else found + self.of(node.args[1], depth)
        return [ANY]

    def _elements_texts(self, drawn: _Drawn, depth: int) -> list[str]:
        found: list[str] = []
        for item in self.elements(drawn.over, keys=drawn.keys, depth=depth):
            if isinstance(item, (ast.Tuple, ast.List)):
                chosen = item.elts if drawn.position < 0 else item.elts[drawn.position : drawn.position + 1]
                found += [text for part in chosen for text in self.of(part, depth)]
            else:
                found += self.of(item, depth)
        return found or [ANY]

    def elements(self, node: ast.expr, *, keys: bool, depth: int = 0) -> list[ast.expr]:
        """Return the elements of a collection that is written out; those of other expressions are none.

        Args:
            keys: of a dictionary, the keys instead of the values.
            depth: how many names were followed.
        """
        if depth > _DEPTH:
            return []
        if isinstance(node, ast.Dict):
            return [key for key in node.keys if key is not None] if keys else node.values
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return node.elts
        inner: list[ast.expr] = []
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("keys", "values"):
                return self.elements(node.func.value, keys=node.func.attr == "keys", depth=depth + 1)
            if call_name(node) in _SAME_ELEMENTS:
                inner = node.args[:1]
        elif isinstance(node, ast.Subscript):
            inner = self.elements(node.value, keys=False, depth=depth + 1)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._elements_of_name(_plain(dotted_name(node)), keys=keys, depth=depth)
        if isinstance(node, ast.BinOp):
            inner = [node.left, node.right]
        return [item for value in inner for item in self.elements(value, keys=keys, depth=depth + 1)]

    def _elements_of_name(self, name: str, *, keys: bool, depth: int) -> list[ast.expr]:
        mark = f"{name}[]"
        if mark in self._open:
            return []
        self._open.add(mark)
        values = [value for value in self._values.get(name, ()) if value is not None]
        found = [item for value in values for item in self.elements(value, keys=keys, depth=depth + 1)]
        self._open.discard(mark)
        return found


def _plain(name: str) -> str:
    """Return the name of an attribute that the class body, or a method, sets; other names as they are."""
    return name.partition(".")[2] if name.startswith(("self.", "cls.")) else name


def reads_environment(node: ast.Call, name: str) -> bool:
    """Return whether a call, whose function has that name, gives the value of an environment variable."""
    return name == "getenv" or (name in ("get", "setdefault") and "environ" in dotted_name(node.func))


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _without_last(text: str) -> str:
    if text.strip(OWN) == "":
        return text + OWN if text else ANY
    return text.rpartition(".")[0] or ANY
