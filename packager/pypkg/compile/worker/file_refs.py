"""Expressions that refer to a file beside the module: ``Path(__file__).parent / "x"``. Standard library only."""

from __future__ import annotations

import ast
from typing import Any, Final, NamedTuple

from .syntax import call_name, dotted_name
from .texts import ANY, Texts

__all__ = ["FileRef", "FileRefs"]

_SAME: Final = frozenset({"abspath", "realpath", "normpath", "fspath", "str", "Path", "PurePath", "PosixPath"})
_SAME_METHODS: Final = frozenset({"resolve", "absolute", "expanduser", "as_posix", "__str__"})
_RESOURCE_READERS: Final = frozenset(
    {"get_data", "read_text", "read_binary", "open_text", "open_binary", "resource_filename", "resource_string",
     "resource_stream", "contents", "resource_exists"}
)  # fmt: skip
_FOLDER_KEYWORDS: Final = frozenset({"template_folder", "static_folder"})
_LISTERS: Final = frozenset({"listdir", "scandir"})
_WRITING: Final = frozenset("wax")
_MOST: Final = 100  # paths of one expression


class FileRef(NamedTuple):
    """A path relative to the module's file or to a package.

    Attributes:
        package: dotted name of the package, ``__name__`` or ``__package__`` for the module's own, or ``""`` when the
            path is relative to the file.
        parents: how many times the parent directory is taken first.
        parts: names appended to that directory; they may hold ``*`` for what is computed, and other wildcards.
        cut: whether a computed name follows, so that the path is only a directory that the file is in.
    """

    package: str
    parents: int
    parts: tuple[str, ...]
    cut: bool = False

    def parent(self, count: int = 1) -> FileRef:
        """Return the directory above it."""
        if self.cut:
            return self
        dropped = min(count, len(self.parts))
        return self._replace(parents=self.parents + count - dropped, parts=self.parts[: len(self.parts) - dropped])

    def join(self, text: str) -> FileRef:
        """Append names; a name that is wholly computed ends the path."""
        if self.cut or (text.startswith("/") and not self.parents):
            return self
        ref = self
        for part in _split(text):
            if part == ANY:
                return ref._replace(cut=True)
            ref = ref.parent() if part == ".." else ref._replace(parts=(*ref.parts, part))
        return ref


class FileRefs:
    """The file references of one module, and the variables that hold directories.

    Args:
        texts: the names of the module that are given texts.
        file: name of the module's file.
        candidates: texts of the module that may be names of files.
    """

    def __init__(self, texts: Texts, file: str, candidates: frozenset[str]) -> None:
        self.names: dict[str, FileRef] = {}
        self.assets: list[list[Any]] = []
        self.mentions: list[list[Any]] = []
        self.resources: list[list[Any]] = []
        self.computed: list[list[Any]] = []
        self._texts = texts
        self._file = file
        self._candidates = candidates

    def assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        """Remember ``NAME = <path>`` for the rest of the module."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and isinstance(targets[0], (ast.Name, ast.Attribute)) and node.value is not None:
            for ref in self.evaluate(node.value)[:1]:
                self.names[dotted_name(targets[0])] = ref

    def class_attributes(self, node: ast.ClassDef) -> None:
        """Record the files that attributes of a class name: ``CSS_PATH = "board.tcss"``."""
        for item in node.body:
            if isinstance(item, (ast.Assign, ast.AnnAssign)) and item.value is not None:
                self._mention(item.value)

    def record(self, node: ast.AST) -> bool:
        """Record the file that ``node`` refers to; return whether it refers to one."""
        if not isinstance(node, (ast.Call, ast.BinOp, ast.JoinedStr)):
            return False
        refs = self.evaluate(node)
        if not refs:
            if isinstance(node, ast.Call):
                self._framework_call(node)
                self._listing(node)
                if self._candidates:
                    self._arguments(node)
            return False
        found = False
        for ref in refs:
            if ref.parts:
                found = True
                if ref.package:
                    self.resources.append([ref.package, list(ref.parts), node.lineno])
                else:
                    self.assets.append([ref.parents, list(ref.parts), node.lineno])
            elif ref.cut and not ref.package and ref.parents:
                found = True
                self.computed.append([ref.parents, node.lineno, ast.unparse(node).split("\n")[0][:100]])
        return found

    def evaluate(self, node: ast.expr) -> list[FileRef]:
        """Return the paths that an expression can be."""
        found: list[FileRef] = []
        if isinstance(node, ast.Name):
            found = [FileRef("", 0, ())] if node.id == "__file__" else self._named(node.id)
        elif isinstance(node, ast.Attribute):
            found = [ref.parent() for ref in self.evaluate(node.value)] if node.attr == "parent" else []
            found = found or self._named(dotted_name(node))
        elif isinstance(node, ast.Subscript):
            found = self._subscript(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
            found = self._joined(self.evaluate(node.left), [node.right], added=isinstance(node.op, ast.Add))
        elif isinstance(node, ast.JoinedStr):
            if len(node.values) > 1 and isinstance(node.values[0], ast.FormattedValue):
                rest = ast.JoinedStr(node.values[1:])
                found = self._joined(self.evaluate(node.values[0].value), [rest], added=True)
        elif isinstance(node, ast.IfExp):
            found = self.evaluate(node.body) + self.evaluate(node.orelse)
        elif isinstance(node, ast.Call):
            found = self._call(node)
        return found[:_MOST]

    def _named(self, name: str) -> list[FileRef]:
        ref = self.names.get(name)
        return [ref] if ref is not None else []

    def _subscript(self, node: ast.Subscript) -> list[FileRef]:
        index = getattr(node.slice, "value", None)
        if not isinstance(index, int) or index < 0:
            return []
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
            return [ref.parent(index + 1) for ref in self.evaluate(node.value.value)]
        if isinstance(node.value, ast.Call) and node.value.args and not index:
            name = call_name(node.value)
            if name == "split":
                return [ref.parent() for ref in self.evaluate(node.value.args[0])]
            if name == "splitext":
                return [self._with_suffix(ref, "") for ref in self.evaluate(node.value.args[0])]
        return []

    def _call(self, node: ast.Call) -> list[FileRef]:  # noqa: PLR0911  # one for each kind of call
        name, arguments = call_name(node), node.args
        if name in ("join", "Path", "PurePath") and len(arguments) > 1:
            return self._joined(self.evaluate(arguments[0]), arguments[1:])
        if name in _SAME and len(arguments) == 1:
            return self.evaluate(arguments[0])
        if name == "dirname" and len(arguments) == 1:
            return [ref.parent() for ref in self.evaluate(arguments[0])]
        if name == "getattr" and len(arguments) == 3:  # getattr(sys, "_MEIPASS", os.path.dirname(__file__))
            return self.evaluate(arguments[2])
        if name in _RESOURCE_READERS and len(arguments) >= 2:
            return self._joined(_package(arguments[0]), arguments[1:2])
        if name == "files" and len(arguments) == 1:
            return _package(arguments[0])
        if name == "PackageLoader" and arguments:
            return self._joined(_package(arguments[0]), arguments[1:2] or [ast.Constant("templates")])
        return self._method(node.func, name, arguments) if isinstance(node.func, ast.Attribute) else []

    def _method(self, function: ast.Attribute, name: str, arguments: list[ast.expr]) -> list[FileRef]:
        if name in _SAME_METHODS:
            return self.evaluate(function.value)
        if name in ("joinpath", "glob"):
            return self._joined(self.evaluate(function.value), arguments)
        if name == "rglob":
            return self._joined([ref.join("**") for ref in self.evaluate(function.value)], arguments)
        if name == "with_name" and len(arguments) == 1:
            return self._joined([ref.parent() for ref in self.evaluate(function.value)], arguments)
        if name == "with_suffix" and len(arguments) == 1:
            suffixes = self._texts.of(arguments[0])
            return [self._with_suffix(ref, suffix) for ref in self.evaluate(function.value) for suffix in suffixes]
        return []

    def _with_suffix(self, ref: FileRef, suffix: str) -> FileRef:
        name = ref.parts[-1] if ref.parts else self._file
        above = ref.parent()
        return above._replace(parts=(*above.parts, (name.rpartition(".")[0] or name) + suffix))

    def _joined(self, refs: list[FileRef], nodes: list[ast.expr], *, added: bool = False) -> list[FileRef]:
        """Append what expressions can be.

        Args:
            added: whether the text itself has the separator, or goes on with the last name.
        """
        for node in nodes if refs else []:
            texts = [".."] if dotted_name(node).endswith("pardir") else self._texts.of(node)
            if not added:
                refs = [ref.join(text) for ref in refs for text in texts]
                continue
            found = [ref.join(text) for ref in refs for text in texts if text.startswith("/")]
            for ref in refs:
                if ref.parts and not ref.cut:
                    *inner, last = ref.parts
                    found += [ref._replace(parts=(*inner, last + text)) for text in texts if "/" not in text]
            refs = found
        return refs

    # Files that are named without a directory

    def _arguments(self, node: ast.Call) -> None:
        if call_name(node) == "open" and len(node.args) > 1 and _WRITING.intersection(self._texts.of(node.args[1])[0]):
            return
        for value in (*node.args, *(item.value for item in node.keywords)):
            self._mention(value)

    def _mention(self, node: ast.expr) -> None:
        items = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
        for item in items:
            if isinstance(item, (ast.Constant, ast.Name, ast.Attribute)):
                for text in self._texts.of(item):
                    if text in self._candidates:
                        self.mentions.append([1, _split(text), node.lineno])

    def _listing(self, node: ast.Call) -> None:
        """``os.listdir(os.path.dirname(__file__))`` in a package lists its modules, elsewhere who knows what."""
        function = node.func
        over = node.args[0] if call_name(node) in _LISTERS and node.args else None
        if isinstance(function, ast.Attribute) and function.attr == "iterdir":
            over = function.value
        for ref in self.evaluate(over) if over is not None else []:
            if not ref.package and not ref.parts and ref.parents:
                if self._file == "__init__.py" and ref.parents == 1:
                    self.assets.append([1, ["*.py"], node.lineno])
                else:
                    self.computed.append([ref.parents, node.lineno, ast.unparse(node).split("\n")[0][:100]])

    def _framework_call(self, node: ast.Call) -> None:
        """Record the directories that ``Flask(__name__)`` and blueprints look for beside the module by convention."""
        name = call_name(node)
        if name not in ("Flask", "Blueprint", "Quart"):
            return
        folders = ["templates", "static"] if name != "Blueprint" else []
        for keyword in node.keywords:
            if keyword.arg in _FOLDER_KEYWORDS:
                folders += [text for text in self._texts.of(keyword.value) if not text.startswith(("/", ANY))]
        self.assets += [[1, _split(folder), node.lineno] for folder in folders]


def _split(text: str) -> list[str]:
    return [part for part in text.split("/") if part not in ("", ".")]


def _package(node: ast.expr) -> list[FileRef]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [FileRef(node.value, 0, ())]
    if isinstance(node, ast.Name) and node.id in ("__name__", "__package__"):
        return [FileRef(node.id, 0, ())]
    return []
