"""Read one module: what it imports, which files it refers to, and its bytecode. Standard library only.

Runs inside a worker process, on the Python version the application will run on, and never runs the code it reads.
Branches that the target can never take (``sys.version_info``, ``sys.platform``, ``os.name``) are not followed.
"""

from __future__ import annotations

import ast
import marshal
import sys
from typing import Any, Final

from .file_refs import Places

__all__ = ["CONDITIONAL", "FALLBACK", "GUARDED", "LAZY", "TYPING_ONLY", "Scan", "process"]

GUARDED: Final = 1  # inside a try that survives the module's absence
TYPING_ONLY: Final = 2  # below `if TYPE_CHECKING`
CONDITIONAL: Final = 4  # below an `if`
LAZY: Final = 8  # inside a function
FALLBACK: Final = 16  # in the handler of another import's failure

_IMPORT_ERRORS: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_GROUP_CALLS: Final = frozenset({"entry_points", "iter_entry_points", "load_setuptools_entrypoints", "select"})
_METADATA_CALLS: Final = frozenset({"version", "metadata", "distribution", "requires", "files", "get_distribution"})
# Expressions are only searched in sources that hold one of these; most do not.
_DYNAMIC_WORDS: Final = tuple(b"__import__ import_module entry metadata get_distribution executable run_module".split())
_ASSET_WORDS: Final = tuple(b"__file__ resources get_data Loader Flask Blueprint".split())


def process(source: bytes, path: str, mode: int, platform: str, optimize: int) -> tuple[dict[str, Any], bytes]:
    """Compile and scan one module.

    Args:
        source: text of the module, in the encoding it declares (PEP 263).
        path: file name that goes into the code, ``/snapshot/...``.
        mode: 0 compile only; 1 scan imports as well; 2 also asset references (the project's own code).
        platform: ``sys.platform`` of the target.
        optimize: as in :func:`compile`.

    Returns:
        What was found, and the marshalled code (empty when the source does not compile; then ``error`` is
        ``[message, line]``).
    """
    scanned = mode == 2 or (mode == 1 and (b"import" in source or b"entry" in source))
    found: dict[str, Any] = {}
    try:
        # The tree serves twice: code made from it is the same as from the text, and parsing is the larger half.
        tree: Any = ast.parse(source, path) if scanned else source
        if scanned:
            words = _DYNAMIC_WORDS + _ASSET_WORDS if mode == 2 else _DYNAMIC_WORDS
            scan = Scan(platform=platform, deep=any(word in source for word in words), assets=mode == 2)
            scan.statements(tree.body, 0)
            found = scan.result()
        return found, marshal.dumps(compile(tree, path, "exec", dont_inherit=True, optimize=optimize))
    except SyntaxError as error:
        return {"error": [error.msg or "invalid syntax", error.lineno or 0]}, b""
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"error": [str(error) or type(error).__name__, 0]}, b""


class Scan:
    """Collects what one syntax tree refers to, statement by statement.

    Args:
        platform: ``sys.platform`` of the target.
        deep: look into expressions as well (dynamic imports, metadata, assets).
        assets: record references to files.
    """

    def __init__(self, *, platform: str, deep: bool, assets: bool) -> None:
        self.platform = platform
        self.deep = deep
        self.assets = assets
        self.places = Places()
        self.imports: list[list[Any]] = []
        self.dynamic: list[list[Any]] = []
        self.groups: set[str] = set()
        self.metadata: set[str] = set()

    def result(self) -> dict[str, Any]:
        """Return the findings as plain JSON values; empty ones are left out."""
        found = {
            "imports": self.imports,
            "dynamic": self.dynamic,
            "assets": self.places.assets if self.assets else [],
            "resources": self.places.resources if self.assets else [],
            "groups": sorted(self.groups),
            "metadata": sorted(self.metadata),
        }
        return {key: value for key, value in found.items() if value}

    def statements(self, body: list[ast.stmt], flags: int) -> None:
        """Walk a block; ``flags`` says under which conditions it runs."""
        for node in body:
            self.statement(node, flags)

    def statement(self, node: ast.stmt, flags: int) -> None:
        """Walk one statement and the blocks inside it."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.append([alias.name, 0, flags, node.lineno, []])
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if node.module != "__future__":
                self.imports.append([node.module or "", node.level, flags, node.lineno, names])
        elif isinstance(node, ast.If):
            self._if(node, flags)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._try(node, flags)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if self.deep:
                self._expressions([node.args, *node.decorator_list], flags)
            self.statements(node.body, flags | LAZY)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            guarded = any(_suppresses(item.context_expr) for item in node.items)
            if self.deep:
                self._expressions(list(node.items), flags)
            self.statements(node.body, flags | GUARDED if guarded else flags)
        else:
            self._other(node, flags)

    def _other(self, node: ast.stmt, flags: int) -> None:
        if self.deep and isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.places.assign(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child, flags)
            elif isinstance(child, ast.match_case):
                self.statements(child.body, flags | CONDITIONAL)
            elif self.deep:
                self._expressions([child], flags)

    def _if(self, node: ast.If, flags: int) -> None:
        if _is_type_checking(node.test):
            self.statements(node.body, flags | TYPING_ONLY)
            self.statements(node.orelse, flags)
            return
        if self.deep:
            self._expressions([node.test], flags)
        value = self._known(node.test)
        inner = flags if value is not None else flags | CONDITIONAL
        probed = GUARDED if _mentions(node.test, "find_spec") else 0
        if value is not False:
            self.statements(node.body, inner | probed)
        if value is not True:
            self.statements(node.orelse, inner)

    def _try(self, node: ast.Try | ast.TryStar, flags: int) -> None:
        guards = [handler for handler in node.handlers if _catches_import_error(handler)]
        guarded = bool(guards) and not any(_gives_up(handler) for handler in guards)
        self.statements(node.body, flags | GUARDED if guarded else flags)
        for handler in node.handlers:
            self.statements(handler.body, flags | FALLBACK if handler in guards else flags | CONDITIONAL)
        self.statements(node.orelse, flags)
        self.statements(node.finalbody, flags)

    def _expressions(self, nodes: list[Any], flags: int) -> None:
        stack = list(reversed(nodes))
        while stack:
            node = stack.pop()
            if self.assets and self.places.record(node):
                continue
            if isinstance(node, ast.Call):
                self._call(node, flags)
            elif isinstance(node, ast.List) and len(node.elts) >= 3:
                self._child_process(node)
            stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def _call(self, node: ast.Call, flags: int) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if name in ("import_module", "__import__", "run_module"):
            self._dynamic_import(node, name, flags)
        elif name in _GROUP_CALLS:
            self._group(node, name, first)
        elif name in _METADATA_CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            self.metadata.add(first.value)

    def _group(self, node: ast.Call, name: str, first: ast.expr | None) -> None:
        values = [keyword.value for keyword in node.keywords if keyword.arg == "group"]
        if first is not None and name in ("iter_entry_points", "load_setuptools_entrypoints"):
            values = [first]
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                self.groups.add(value.value)

    def _dynamic_import(self, node: ast.Call, name: str, flags: int) -> None:
        arguments = {keyword.arg: keyword.value for keyword in node.keywords}
        target = node.args[0] if node.args else arguments.get("name", arguments.get("mod_name"))
        if isinstance(target, ast.Constant) and isinstance(target.value, str) and target.value:
            text = target.value
            level = len(text) - len(text.lstrip("."))
            package = node.args[1] if len(node.args) > 1 else arguments.get("package")
            if name != "__import__" and level and isinstance(package, ast.Constant) and isinstance(package.value, str):
                base = package.value.split(".")[: len(package.value.split(".")) - level + 1]
                text, level = ".".join([*base, text[level:]]), 0
            names = ["__main__"] if name == "run_module" else []
            self.imports.append([text[level:], level, flags, node.lineno, names])
        elif target is not None:
            self.dynamic.append([node.lineno, ast.unparse(node).split("\n")[0][:100]])

    def _child_process(self, node: ast.List) -> None:
        """``[sys.executable, "-m", "package"]`` runs a module in a child process."""
        program, option, module = node.elts[:3]
        if _dotted(program) == "sys.executable" and _literal(option) == "-m" and isinstance(_literal(module), str):
            self.imports.append([_literal(module), 0, GUARDED | LAZY, node.lineno, ["__main__"]])

    def _known(self, test: ast.expr) -> bool | None:
        """Return the value of a condition that the target decides, otherwise ``None``."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            value = self._known(test.operand)
            return None if value is None else not value
        if isinstance(test, ast.BoolOp):
            values = [self._known(operand) for operand in test.values]
            decisive = isinstance(test.op, ast.Or)
            if decisive in values:
                return decisive
            return None if None in values else not decisive
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compare(test.left, test.ops[0], test.comparators[0])
        if isinstance(test, ast.Call) and _dotted(test.func) == "sys.platform.startswith" and len(test.args) == 1:
            prefix = getattr(test.args[0], "value", None)
            return self.platform.startswith(prefix) if isinstance(prefix, str) else None
        return None

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        name, value = _dotted(left), _literal(right)
        actual: Any
        if name == "sys.platform" and isinstance(value, (str, tuple)):
            actual = self.platform
        elif name == "os.name" and isinstance(value, (str, tuple)):
            actual = "nt" if self.platform == "win32" else "posix"
        elif name == "sys.version_info" and isinstance(value, tuple) and 0 < len(value) <= 2:
            # patch releases are not known yet; two numbers decide, compared as CPython does (3, 13) < (3, 13, 5)
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


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Slice) and node.slice.lower is None and node.slice.upper is not None:
            return f"{_dotted(node.value)}[:{getattr(node.slice.upper, 'value', '?')}]"
        return f"{_dotted(node.value)}[{getattr(node.slice, 'value', '?')}]"
    return "?"


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and all(isinstance(item, ast.Constant) for item in node.elts):
        return tuple(item.value for item in node.elts if isinstance(item, ast.Constant))
    return None


def _is_type_checking(test: ast.expr) -> bool:
    return _dotted(test).rpartition(".")[2] in ("TYPE_CHECKING", "MYPY")


def _mentions(test: ast.expr, name: str) -> bool:
    return any(name in (getattr(node, "attr", ""), getattr(node, "id", "")) for node in ast.walk(test))


def _exception_names(node: ast.expr | None) -> list[str]:
    if node is None:
        return ["BaseException"]
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return [_dotted(item).rpartition(".")[2] for item in items]


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    return not _IMPORT_ERRORS.isdisjoint(_exception_names(handler.type))


def _gives_up(handler: ast.ExceptHandler) -> bool:
    """Whether a handler ends by raising or leaving the program, so that the import is needed after all."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise):
        return True
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return _dotted(last.value.func) in ("sys.exit", "exit", "quit", "os._exit")
    return False


def _suppresses(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or _dotted(node.func).rpartition(".")[2] != "suppress":
        return False
    return any(not _IMPORT_ERRORS.isdisjoint(_exception_names(argument)) for argument in node.args)
