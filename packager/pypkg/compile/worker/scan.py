"""Read one module: what it imports, which files it refers to, and its bytecode. Standard library only.

Runs inside a worker process, on the Python version the application will run on, and never runs the code it reads.
Branches that the target never takes (``sys.version_info``, ``sys.platform``, ``os.name``) are not followed.
"""

from __future__ import annotations

import ast
import marshal
import sys
from types import CodeType
from typing import Any, Final

from .conditions import (
    System,
    catches_import_error,
    catches_name_error,
    gives_up,
    is_type_checking,
    suppresses_import_error,
    target_condition,
)
from .file_refs import FileRefs
from .groups import CALLS, Groups
from .protocol import ASSETS, CONDITIONAL, FALLBACK, GUARDED, IMPORTS, LAZY, TYPING_ONLY
from .syntax import call_name, dotted_name, literal, mentions

__all__ = ["Scan", "process"]

_METADATA_CALLS: Final = frozenset({"version", "metadata", "distribution", "requires", "files", "get_distribution"})
# Expressions are searched only in sources that contain one of these words; most contain none.
_DYNAMIC_WORDS: Final = tuple(
    b"__import__ __lazy_import__ import_module entry metadata get_distribution executable run_module".split()
)
_ASSET_WORDS: Final = tuple(b"__file__ resources get_data Loader Flask Blueprint".split())
# Flags of a block that only this module uses, besides those of `protocol`.
_SUPPRESSED: Final = 32  # in `with suppress(ImportError)`: guards what is imported there, not what is only used later
_EAGER: Final = 64  # in a function, a class or a `try`, where no import is lazy
_OWN: Final = _SUPPRESSED | _EAGER


def process(source: bytes, path: str, mode: int, system: System, optimize: int) -> tuple[dict[str, Any], bytes]:
    """Compile and scan one module.

    Args:
        source: text of the module, in the encoding it declares (PEP 263), or a ``.pyc`` file.
        path: file name recorded in the code, ``/snapshot/...``.
        mode: ``COMPILE``, ``IMPORTS`` or ``ASSETS``, see ``protocol``.
        system: the target's.
        optimize: as in :func:`compile`.

    Returns:
        The findings (see :meth:`Scan.result`) and the marshalled code. For a source that does not compile the code is
        empty and the only finding is ``error``: ``[message, line]``.
    """
    if path.endswith(".pyc"):
        from .bytecode import process_bytecode  # noqa: PLC0415 - `dis` is slow to import, and few programs need it

        return process_bytecode(source)
    scanned = mode == ASSETS or (mode == IMPORTS and (b"import" in source or b"entry" in source))
    found: dict[str, Any] = {}
    try:
        # The tree is used twice: it compiles to the same code as the text, and parsing takes longer than compiling.
        tree: Any = ast.parse(source, path) if scanned else source
        code = compile(tree, path, "exec", dont_inherit=True, optimize=optimize)
        if scanned:
            words = _DYNAMIC_WORDS + _ASSET_WORDS if mode == ASSETS else _DYNAMIC_WORDS
            scan = Scan(system=system, deep=any(word in source for word in words), assets=mode == ASSETS)
            scan.statements(tree.body, 0)
            found = scan.result(code)
        return found, marshal.dumps(code)
    except SyntaxError as error:
        return {"error": [error.msg or "invalid syntax", error.lineno or 0]}, b""
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"error": [str(error) or type(error).__name__, 0]}, b""


class Scan:
    """Collects the references of one syntax tree, statement by statement.

    Args:
        system: the target's.
        deep: search expressions as well (dynamic imports, metadata, assets).
        assets: record references to files.
    """

    def __init__(self, *, system: System, deep: bool, assets: bool) -> None:
        self.system = system
        self.deep = deep
        self.assets = assets
        self.file_refs = FileRefs()
        self.imports: list[list[Any]] = []
        self.lazy_modules: frozenset[Any] = frozenset()
        self.dynamic: list[list[Any]] = []
        self.groups = Groups()
        self.metadata: set[str] = set()

    def result(self, code: CodeType) -> dict[str, Any]:
        """Return the findings as plain JSON values without empty ones; ``pypkg.compile.findings`` reads them.

        ``imports``: ``[name, level, flags, line, [name, ...]]`` each; ``dynamic``: ``[line, text]``; ``assets``:
        ``[parents, [name, ...], line]``; ``resources``: ``[package, [name, ...], line]``; ``metadata``: names; those of
        :meth:`.Groups.result`.

        Args:
            code: of the module.
        """
        found = {
            "imports": self.imports,
            "dynamic": self.dynamic,
            "assets": self.file_refs.assets if self.assets else [],
            "resources": self.file_refs.resources if self.assets else [],
            **self.groups.result(self.imports, code),
            "metadata": sorted(self.metadata),
        }
        return {key: value for key, value in found.items() if value}

    def statements(self, body: list[ast.stmt], flags: int) -> None:
        """Walk a block; ``flags`` are the conditions under which it runs."""
        for node in body:
            self.statement(node, flags)

    def statement(self, node: ast.stmt, flags: int) -> None:
        """Walk one statement and the blocks inside it."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._import(node, alias.name, 0, flags, [])
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if node.module != "__future__":
                self._import(node, node.module or "", node.level, flags, names)
        elif isinstance(node, ast.If):
            self._if(node, flags)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._try(node, flags)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if self.deep:
                self._expressions([node.args, *node.decorator_list], flags)
            self.statements(node.body, flags | LAZY | _EAGER)
        elif isinstance(node, ast.ClassDef):
            self._other(node, flags | _EAGER)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            guarded = any(suppresses_import_error(item.context_expr) for item in node.items)
            if self.deep:
                self._expressions(list(node.items), flags)
            self.statements(node.body, flags | _SUPPRESSED if guarded else flags)
        else:
            self._other(node, flags)

    def _import(self, node: ast.stmt | ast.Call, name: str, level: int, flags: int, names: list[str]) -> None:
        """Record an import: a lazy one (PEP 810) runs, and fails, where its name is used, as one in a function does."""
        by_name = level == 0 and not flags & _EAGER and isinstance(node, ast.stmt) and name in self.lazy_modules
        if getattr(node, "is_lazy", 0) or by_name:
            flags |= LAZY
        elif flags & _SUPPRESSED:
            flags |= GUARDED
        self.imports.append([name, level, flags & ~_OWN, node.lineno, names])

    def _assign(self, node: ast.Assign | ast.AnnAssign, flags: int) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = any(isinstance(target, ast.Name) and target.id == "__lazy_modules__" for target in targets)
        if named and not flags & _EAGER and sys.version_info >= (3, 15):  # older Pythons ignore it
            value = literal(node.value) if node.value is not None else None
            self.lazy_modules = frozenset(value) if isinstance(value, tuple) else frozenset()
        if self.deep:
            self.file_refs.assign(node)

    def _other(self, node: ast.stmt, flags: int) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            self._assign(node, flags)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child, flags)
            elif isinstance(child, ast.match_case):
                self.statements(child.body, flags | CONDITIONAL)
            elif self.deep:
                self._expressions([child], flags)

    def _if(self, node: ast.If, flags: int) -> None:
        if is_type_checking(node.test):
            self.statements(node.body, flags | TYPING_ONLY)
            self.statements(node.orelse, flags)
            return
        if self.deep:
            self._expressions([node.test], flags)
        value = target_condition(node.test, self.system)
        inner = flags if value is not None else flags | CONDITIONAL
        probed = GUARDED if mentions(node.test, "find_spec") else 0
        if value is not False:
            self.statements(node.body, inner | probed)
        if value is not True:
            self.statements(node.orelse, inner)

    def _try(self, node: ast.Try | ast.TryStar, flags: int) -> None:
        guards = [handler for handler in node.handlers if catches_import_error(handler)]
        guarded = bool(guards) and not any(gives_up(handler) for handler in guards)
        flags |= _EAGER
        self.statements(node.body, flags | GUARDED if guarded else flags)
        for handler in node.handlers:
            self.statements(handler.body, flags | FALLBACK if handler in guards else flags | CONDITIONAL)
        # What follows such a probe runs only inside the program that defines the name.
        probed = any(map(catches_name_error, node.handlers))
        self.statements(node.orelse, flags | GUARDED if probed else flags)
        self.statements(node.finalbody, flags)

    def _expressions(self, nodes: list[Any], flags: int) -> None:
        stack = list(reversed(nodes))
        while stack:
            node = stack.pop()
            if self.assets and self.file_refs.record(node):
                continue
            if isinstance(node, ast.Call):
                self._call(node, flags)
            elif isinstance(node, ast.Attribute):
                self.groups.attribute(node)
            elif isinstance(node, ast.List) and len(node.elts) >= 3:
                self._child_process(node)
            stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def _call(self, node: ast.Call, flags: int) -> None:
        name = call_name(node)
        first = node.args[0] if node.args else None
        if name in ("import_module", "__import__", "__lazy_import__", "run_module"):
            self._dynamic_import(node, name, flags)
        elif name in CALLS:
            self.groups.call(node, name)
        elif name in _METADATA_CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            self.metadata.add(first.value)

    def _dynamic_import(self, node: ast.Call, name: str, flags: int) -> None:
        arguments = {keyword.arg: keyword.value for keyword in node.keywords}
        target = node.args[0] if node.args else arguments.get("name", arguments.get("mod_name"))
        if isinstance(target, ast.Constant) and isinstance(target.value, str) and target.value:
            text = target.value
            level = len(text) - len(text.lstrip("."))
            package = node.args[1] if len(node.args) > 1 else arguments.get("package")
            if (
                name not in ("__import__", "__lazy_import__")
                and level
                and isinstance(package, ast.Constant)
                and isinstance(package.value, str)
            ):
                base = package.value.split(".")[: len(package.value.split(".")) - level + 1]
                text, level = ".".join([*base, text[level:]]), 0
            names = ["__main__"] if name == "run_module" else []
            flags |= LAZY if name == "__lazy_import__" else 0
            self._import(node, text[level:], level, flags, names)
        elif target is not None:
            self.dynamic.append([node.lineno, ast.unparse(node).split("\n")[0][:100]])

    def _child_process(self, node: ast.List) -> None:
        """``[sys.executable, "-m", "package"]`` runs a module in a child process."""
        program, option, module = node.elts[:3]
        if dotted_name(program) == "sys.executable" and literal(option) == "-m" and isinstance(literal(module), str):
            self.imports.append([literal(module), 0, GUARDED | LAZY, node.lineno, ["__main__"]])
