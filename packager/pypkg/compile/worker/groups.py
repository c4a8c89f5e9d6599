"""Which groups of entry points a module asks for. Standard library only."""

from __future__ import annotations

import ast
import re
from types import CodeType
from typing import Any, Final

from .constants import all_texts

__all__ = ["CALLS", "Groups"]

CALLS: Final = frozenset({"entry_points", "iter_entry_points", "load_setuptools_entrypoints", "select"})
_FIRST: Final = frozenset({"iter_entry_points", "load_setuptools_entrypoints"})  # their first argument is the group
_SOURCES: Final = ("importlib.metadata", "importlib_metadata", "pkg_resources", "pluggy")
_NAME: Final = re.compile(r"\w[\w.:-]*")
_MOST: Final = 200  # texts of one module


class Groups:
    """The groups of one module: those that are written out, and where one is computed.

    Attributes:
        names: written out where they are asked for.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._computed: list[list[Any]] = []
        self._everything: list[list[Any]] = []
        self._texts_count = False
        self._called: set[int] = set()

    def call(self, node: ast.Call, name: str) -> None:
        """Record a call of one of `CALLS`."""
        self._called.add(id(node.func))
        values = [keyword.value for keyword in node.keywords if keyword.arg in ("group", None)]
        if name in _FIRST:
            values += node.args[:1]
        place = [node.lineno, ast.unparse(node).split("\n")[0][:100]]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                self.names.add(value.value)
            elif name != "select":  # which has other meanings too
                self._computed.append(place)
        if name == "entry_points" and not node.args and not values:
            self._everything.append(place)

    def attribute(self, node: ast.Attribute) -> None:
        """Record an attribute, after its call: it has the entry points of one distribution, which are chosen among."""
        if node.attr == "entry_points" and id(node) not in self._called:
            self._texts_count = True

    def result(self, imports: list[list[Any]], code: CodeType) -> dict[str, Any]:
        """Return the findings ``groups``, ``computed_groups``: ``[line, text]``, and ``possible_groups``.

        Where a group is computed, the text that becomes its name is most often in the module too: a constant, an
        argument, an attribute of a class. Every text that may be a name is a possible group.

        Args:
            imports: what the module imports, as `Scan` records it.
            code: of the module.
        """
        if not any(_is_source(name, names) for name, _, _, _, names in imports):
            return {"groups": sorted(self.names)}
        computed = self._computed + ([] if self.names else self._everything)
        texts = {text for text in all_texts(code) if _NAME.fullmatch(text)} if computed or self._texts_count else set()
        texts -= self.names
        return {
            "groups": sorted(self.names),
            "computed_groups": computed,
            "possible_groups": sorted(texts) if len(texts) <= _MOST else [],
        }


def _is_source(module: str, names: list[str]) -> bool:
    return module.startswith(_SOURCES) or (module == "importlib" and (not names or "metadata" in names))
