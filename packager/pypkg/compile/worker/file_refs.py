"""Expressions that refer to a file beside the module: ``Path(__file__).parent / "x"``. Standard library only."""

from __future__ import annotations

import ast
from typing import Any, Final, NamedTuple

from .syntax import call_name

__all__ = ["FileRef", "FileRefs"]

_SAME: Final = frozenset({"abspath", "realpath", "normpath", "fspath", "str", "Path", "PurePath", "PosixPath"})
_SAME_METHODS: Final = frozenset({"resolve", "absolute", "expanduser", "as_posix", "__str__"})
_RESOURCE_READERS: Final = frozenset(
    {"get_data", "read_text", "read_binary", "open_text", "open_binary", "resource_filename", "resource_string",
     "resource_stream", "contents", "resource_exists"}
)  # fmt: skip
_FOLDER_KEYWORDS: Final = frozenset({"template_folder", "static_folder"})


class FileRef(NamedTuple):
    """A path relative to the module's file or to a package.

    Attributes:
        package: dotted name of the package, ``__name__`` or ``__package__`` for the module's own, or ``""`` when the
            path is relative to the file.
        parents: how many times the parent directory is taken first.
        parts: names appended to that directory.
    """

    package: str
    parents: int
    parts: tuple[str, ...]


class FileRefs:
    """The file references of one module, and the variables that hold directories."""

    def __init__(self) -> None:
        self.names: dict[str, FileRef] = {}
        self.assets: list[list[Any]] = []
        self.resources: list[list[Any]] = []

    def assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        """Remember ``NAME = <path>`` for the rest of the module."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and node.value is not None:
            ref = self.evaluate(node.value)
            if ref is not None:
                self.names[targets[0].id] = ref

    def record(self, node: ast.AST) -> bool:
        """Record the file that ``node`` refers to; return whether it refers to one."""
        if not isinstance(node, (ast.Call, ast.BinOp)):
            return False
        ref = self.evaluate(node)
        if ref is None:
            return isinstance(node, ast.Call) and self._framework_call(node)
        if not ref.parts:
            return False
        if ref.package:
            self.resources.append([ref.package, list(ref.parts), node.lineno])
        else:
            self.assets.append([ref.parents, list(ref.parts), node.lineno])
        return True

    def evaluate(self, node: ast.expr) -> FileRef | None:
        """Return the path that an expression evaluates to, or ``None``."""
        if isinstance(node, ast.Name):
            return FileRef("", 0, ()) if node.id == "__file__" else self.names.get(node.id)
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

    def _parents(self, node: ast.Subscript) -> FileRef | None:
        index = getattr(node.slice, "value", None)
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and isinstance(index, int):
            return _parent(self.evaluate(node.value.value), index + 1) if index >= 0 else None
        return None

    def _call(self, node: ast.Call) -> FileRef | None:
        name = call_name(node)
        texts = [_text(argument) for argument in node.args]
        ref: FileRef | None = None
        if name in ("join", "Path", "PurePath") and len(node.args) > 1:
            ref = _append(self.evaluate(node.args[0]), texts[1:])
        elif name in _SAME and len(node.args) == 1:
            ref = self.evaluate(node.args[0])
        elif name == "dirname" and len(node.args) == 1:
            ref = _parent(self.evaluate(node.args[0]), 1)
        elif name in _RESOURCE_READERS and len(node.args) >= 2:
            ref = _append(_package(node.args[0]), texts[1:2])
        elif name == "files" and len(node.args) == 1:
            ref = _package(node.args[0])
        elif name == "PackageLoader" and node.args:
            ref = _append(_package(node.args[0]), texts[1:2] or ["templates"])
        elif isinstance(node.func, ast.Attribute):
            ref = self._method(node.func, name, texts)
        return ref

    def _method(self, function: ast.Attribute, name: str, texts: list[str | None]) -> FileRef | None:
        if name in _SAME_METHODS:
            return self.evaluate(function.value)
        if name == "joinpath":
            return _append(self.evaluate(function.value), texts)
        if name == "with_name" and len(texts) == 1:
            return _append(_parent(self.evaluate(function.value), 1), texts)
        return None

    def _framework_call(self, node: ast.Call) -> bool:
        """Record the directories that ``Flask(__name__)`` and blueprints look for beside the module by convention."""
        name = call_name(node)
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


def _package(node: ast.expr) -> FileRef | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return FileRef(node.value, 0, ())
    if isinstance(node, ast.Name) and node.id in ("__name__", "__package__"):
        return FileRef(node.id, 0, ())
    return None


def _parent(ref: FileRef | None, count: int) -> FileRef | None:
    if ref is None:
        return None
    dropped = min(count, len(ref.parts))
    return FileRef(ref.package, ref.parents + count - dropped, ref.parts[: len(ref.parts) - dropped])


def _append(ref: FileRef | None, texts: list[str | None]) -> FileRef | None:
    """Append literal names; the path ends at the first name that is not a literal."""
    if ref is None:
        return None
    for text in texts:
        if text is None or (text.startswith("/") and not ref.parents):
            return ref
        for part in _split(text):
            ref = _parent(ref, 1) or ref if part == ".." else ref._replace(parts=(*ref.parts, part))
    return ref
