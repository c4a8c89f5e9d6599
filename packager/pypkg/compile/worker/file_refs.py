"""Recognise expressions that name a file beside the module: ``Path(__file__).parent / "x"``. Standard library only."""

from __future__ import annotations

import ast
from typing import Any, Final, NamedTuple

__all__ = ["Place", "Places"]

_SAME: Final = frozenset({"abspath", "realpath", "normpath", "fspath", "str", "Path", "PurePath", "PosixPath"})
_SAME_METHODS: Final = frozenset({"resolve", "absolute", "expanduser", "as_posix", "__str__"})
_RESOURCE_READERS: Final = frozenset(
    {"get_data", "read_text", "read_binary", "open_text", "open_binary", "resource_filename", "resource_string",
     "resource_stream", "contents", "resource_exists"}
)  # fmt: skip
_FOLDER_KEYWORDS: Final = frozenset({"template_folder", "static_folder"})


class Place(NamedTuple):
    """A path counted from the module's file, or from a package.

    Attributes:
        package: dotted package name, ``__name__`` for the module's own, or ``""`` when counted from the file.
        ups: how many parents of the file are taken first.
        parts: names appended to that.
    """

    package: str
    ups: int
    parts: tuple[str, ...]


class Places:
    """The file references of one module, with the names it gave to directories."""

    def __init__(self) -> None:
        self.names: dict[str, Place] = {}
        self.assets: list[list[Any]] = []
        self.resources: list[list[Any]] = []

    def assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        """Remember ``NAME = <place>`` for the rest of the module."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and node.value is not None:
            place = self.evaluate(node.value)
            if place is not None:
                self.names[targets[0].id] = place

    def record(self, node: ast.AST) -> bool:
        """Note the file ``node`` names, if it names one, and say whether it did."""
        if not isinstance(node, (ast.Call, ast.BinOp)):
            return False
        place = self.evaluate(node)
        if place is None:
            return isinstance(node, ast.Call) and self._framework_call(node)
        if not place.parts:
            return False
        if place.package:
            self.resources.append([place.package, list(place.parts), node.lineno])
        else:
            self.assets.append([place.ups, list(place.parts), node.lineno])
        return True

    def evaluate(self, node: ast.expr) -> Place | None:
        """Return the place an expression stands for, or ``None``."""
        if isinstance(node, ast.Name):
            return Place("", 0, ()) if node.id == "__file__" else self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            return _parent(self.evaluate(node.value), 1) if node.attr == "parent" else None
        if isinstance(node, ast.Subscript):
            return self._parents(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
            text = _text(node.right)
            if text is None or (isinstance(node.op, ast.Add) and not text.startswith("/")):
                return None
            return _append(self.evaluate(node.left), [text])
        return self._call(node) if isinstance(node, ast.Call) else None

    def _parents(self, node: ast.Subscript) -> Place | None:
        index = getattr(node.slice, "value", None)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and isinstance(index, int):
            return _parent(self.evaluate(node.value.value), index + 1) if index >= 0 else None
        return None

    def _call(self, node: ast.Call) -> Place | None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [_text(argument) for argument in node.args]
        place: Place | None = None
        if name in ("join", "Path", "PurePath") and len(node.args) > 1:
            place = _append(self.evaluate(node.args[0]), texts[1:])
        elif name in _SAME and len(node.args) == 1:
            place = self.evaluate(node.args[0])
        elif name == "dirname" and len(node.args) == 1:
            place = _parent(self.evaluate(node.args[0]), 1)
        elif name in _RESOURCE_READERS and len(node.args) >= 2:
            place = _append(_package(node.args[0]), texts[1:2])
        elif name == "files" and len(node.args) == 1:
            place = _package(node.args[0])
        elif name == "PackageLoader" and node.args:
            place = _append(_package(node.args[0]), texts[1:2] or ["templates"])
        elif isinstance(node.func, ast.Attribute):
            place = self._method(node.func, name, texts)
        return place

    def _method(self, function: ast.Attribute, name: str, texts: list[str | None]) -> Place | None:
        if name in _SAME_METHODS:
            return self.evaluate(function.value)
        if name == "joinpath":
            return _append(self.evaluate(function.value), texts)
        if name == "with_name" and len(texts) == 1:
            return _append(_parent(self.evaluate(function.value), 1), texts)
        return None

    def _framework_call(self, node: ast.Call) -> bool:
        """``Flask(__name__)`` and blueprints look for folders beside the module by convention."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in ("Flask", "Blueprint", "Quart"):
            return False
        folders = ["templates", "static"] if name != "Blueprint" else []
        for keyword in node.keywords:
            text = _text(keyword.value)
            if keyword.arg in _FOLDER_KEYWORDS and text is not None and not text.startswith("/"):
                folders.append(text)
        self.assets += [[1, _split(folder), node.lineno] for folder in folders]
        return False


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "attr", getattr(node, "id", "")) == "pardir":
        return ".."
    return None


def _split(text: str) -> list[str]:
    return [part for part in text.split("/") if part not in ("", ".")]


def _package(node: ast.expr) -> Place | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Place(node.value, 0, ())
    if isinstance(node, ast.Name) and node.id in ("__name__", "__package__"):
        return Place(node.id, 0, ())
    return None


def _parent(place: Place | None, count: int) -> Place | None:
    if place is None:
        return None
    dropped = min(count, len(place.parts))
    return Place(place.package, place.ups + count - dropped, place.parts[: len(place.parts) - dropped])


def _append(place: Place | None, texts: list[str | None]) -> Place | None:
    """Add literal names; anything that is not a literal ends the path at the directory reached so far."""
    if place is None:
        return None
    for text in texts:
        if text is None or (text.startswith("/") and not place.ups):
            return place
        for part in _split(text):
            place = _parent(place, 1) or place if part == ".." else place._replace(parts=(*place.parts, part))
    return place
