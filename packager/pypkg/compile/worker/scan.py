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
from .constants import all_texts, file_names, local_names, module_names
from .dynamic import WORDS, DynamicImports
from .file_refs import FileRefs
from .groups import CALLS, Groups
from .protocol import ASSETS, CONDITIONAL, FALLBACK, GUARDED, IMPORTS, LAZY, TYPING_ONLY
from .syntax import call_name, dotted_name, literal, mentions
from .texts import Texts, reads_environment

__all__ = ["Scan", "process"]

_METADATA_CALLS: Final = frozenset({"version", "metadata", "distribution", "requires", "files", "get_distribution"})
# Expressions are searched only in sources that contain one of these words; most contain none.
_DYNAMIC_WORDS: Final = (*WORDS, b"entry", b"metadata", b"get_distribution")
# Only sources that contain one of these words are scanned for imports alone.
_IMPORT_WORDS: Final = (b"import", b"entry", b"__all__")
_ASSET_WORDS: Final = tuple(b"__file__ resources get_data Loader Flask Blueprint environ getenv".split())
_WITHOUT_BLOCK: Final = (
    ast.Assign,
    ast.Expr,
    ast.Return,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Raise,
    ast.Assert,
    ast.Pass,
)
# What a module binds that the import system, or a convention, gives a meaning.
_MEANT: Final = frozenset({"__lazy_modules__", "__getattr__", "__all__"})
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
    scanned = mode == ASSETS or (mode == IMPORTS and any(word in source for word in _IMPORT_WORDS))
    found: dict[str, Any] = {}
    try:
        # The tree is used twice: it compiles to the same code as the text, and parsing takes longer than compiling.
        tree: Any = ast.parse(source, path) if scanned else source
        code = compile(tree, path, "exec", dont_inherit=True, optimize=optimize)
        if scanned:
            scan = Scan(source, path, code, mode=mode, system=system)
            scan.statements(tree.body, 0)
            found = scan.result()
        return found, marshal.dumps(code)
    except SyntaxError as error:
        return {"error": [error.msg or "invalid syntax", error.lineno or 0]}, b""
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"error": [str(error) or type(error).__name__, 0]}, b""


class Scan:
    """Collects the references of one syntax tree, statement by statement.

    Args:
        source: text of the module.
        path: its file.
        code: what it compiles to.
        mode: ``IMPORTS`` or ``ASSETS``.
        system: the target's.
    """

    def __init__(self, source: bytes, path: str, code: CodeType, *, mode: int, system: System) -> None:
        self.system = system
        self.assets = mode == ASSETS
        self.code = code
        self.constants = all_texts(code) if self.assets else set()
        files = file_names(self.constants) if self.assets else frozenset()
        words = _DYNAMIC_WORDS + _ASSET_WORDS if self.assets else _DYNAMIC_WORDS
        # Whether expressions are searched as well: for dynamic imports, metadata, files.
        self.deep = bool(files) or any(word in source for word in words)
        self.probes = b"find_spec" in source
        self.file = path.rpartition("/")[2]
        self.texts = Texts(self.file.rpartition(".")[0])
        self.file_refs = FileRefs(self.texts, self.file, files)
        self.dynamic_imports = DynamicImports(self.texts)
        self.imports: list[list[Any]] = []
        self.lazy_modules: frozenset[Any] = frozenset()
        self.groups = Groups()
        self.metadata: set[str] = set()
        self.defaults: set[str] = set()
        self.gives_attributes = False

    def result(self) -> dict[str, Any]:
        """Return the findings as plain JSON values without empty ones; ``pypkg.compile.findings`` reads them.

        ``imports``: ``[name, level, flags, line, [name, ...]]`` each; ``dynamic``: ``[line, text]``; ``assets`` and
        ``mentions``: ``[parents, [name, ...], line]``; ``resources``: ``[package, [name, ...], line]``; ``computed``:
        ``[parents, line, text]``; ``metadata``, ``names``, ``local_names``: names; ``stub``: whether a stub
        is read; those of :meth:`.Groups.result`.
        """
        dynamic = self.dynamic_imports.resolve() if self.deep else []
        imports = sorted([*self.imports, *dynamic], key=lambda item: item[3]) if dynamic else self.imports
        names: list[str] = []
        local: list[str] = []
        if self.assets:
            names = sorted({*module_names(self.constants), *self.defaults})
        if self.gives_attributes or (self.assets and self.dynamic_imports.computed):
            local = local_names(self.constants or all_texts(self.code))
        found = {
            "imports": imports,
            "dynamic": self.dynamic_imports.computed,
            "assets": self.file_refs.assets if self.assets else [],
            "mentions": self.file_refs.mentions,
            "resources": self.file_refs.resources if self.assets else [],
            "computed": self.file_refs.computed if self.assets else [],
            **self.groups.result(self.imports, self.code),
            "metadata": sorted(self.metadata),
            "names": names,
            "local_names": local,
            "stub": self.dynamic_imports.reads_stub,
        }
        return {key: value for key, value in found.items() if value}

    def statements(self, body: list[ast.stmt], flags: int) -> None:
        """Walk a block; ``flags`` are the conditions under which it runs."""
        for node in body:
            self.statement(node, flags)

    def statement(self, node: ast.stmt, flags: int) -> None:
        """Walk one statement and the blocks inside it."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import_statement(node, flags)
        elif isinstance(node, ast.If):
            self._if(node, flags)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            self._try(node, flags)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._function(node, flags)
        elif isinstance(node, ast.ClassDef):
            if self.assets and self.deep:
                self.file_refs.class_attributes(node)
            self._other(node, flags | _EAGER)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            guarded = any(suppresses_import_error(item.context_expr) for item in node.items)
            if self.deep:
                self._expressions(list(node.items), flags)
            self.statements(node.body, flags | _SUPPRESSED if guarded else flags)
        else:
            self._other(node, flags)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, flags: int) -> None:
        if node.name == "__getattr__" and not flags & _EAGER:  # PEP 562
            self.gives_attributes = True
        if self.deep:
            for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                self.texts.assign(ast.Name(argument.arg), None)
            self._expressions([node.args, *node.decorator_list], flags)
        self.statements(node.body, flags | LAZY | _EAGER)

    def _import_statement(self, node: ast.Import | ast.ImportFrom, flags: int) -> None:
        module, level = "", 0
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._import(node, alias.name, 0, flags, [])
        elif node.module != "__future__":
            module, level = node.module or "", node.level
            self._import(node, module, level, flags, [alias.name for alias in node.names])
        if self.deep:
            for alias in node.names:
                self.dynamic_imports.bind(alias, module, level)

    def _import(self, node: ast.stmt, name: str, level: int, flags: int, names: list[str]) -> None:
        """Record an import: a lazy one (PEP 810) runs, and fails, where its name is used, as one in a function does."""
        by_name = level == 0 and not flags & _EAGER and name in self.lazy_modules
        if getattr(node, "is_lazy", 0) or by_name:
            flags |= LAZY
        elif flags & _SUPPRESSED:
            flags |= GUARDED
        self.imports.append([name, level, flags & ~_OWN, node.lineno, names])

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, flags: int) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if not flags & _EAGER:
            for target in targets:
                self._module_attribute(target, node.value, flags)
        if self.deep:
            for target in targets:
                self.texts.assign(target, node.value)
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                self.file_refs.assign(node)
            if self.assets and isinstance(targets[0], ast.Subscript) and dotted_name(targets[0].value) == "os.environ":
                self._default(node.value)

    def _module_attribute(self, target: ast.expr, value: ast.expr | None, flags: int) -> None:
        """Look at what a module binds that the import system or a convention gives a meaning."""
        if isinstance(target, ast.Name):
            names = [target.id]
            if target.id not in _MEANT:
                return
        else:
            names = [item.id for item in ast.walk(target) if isinstance(item, ast.Name)]
        if "__lazy_modules__" in names and sys.version_info >= (3, 15):  # older Pythons ignore it
            given = literal(value) if value is not None else None
            self.lazy_modules = frozenset(given) if isinstance(given, tuple) else frozenset()
        elif "__getattr__" in names or (
            isinstance(target, ast.Subscript) and dotted_name(target.value) == "sys.modules"
        ):
            self.gives_attributes = True
        elif "__all__" in names and self.file == "__init__.py" and value is not None:
            # A star import of a package imports the modules that it lists.
            given = literal(value)
            listed = [item for item in given if isinstance(item, str)] if isinstance(given, tuple) else []
            self.imports.append(["", 1, flags & ~_OWN | GUARDED | LAZY, target.lineno, listed])

    def _default(self, value: ast.expr | None) -> None:
        """Record the value of an environment variable, which may name a module: ``conf``."""
        self.defaults.update(text for text in self.texts.of(value) if text.isidentifier())

    def _other(self, node: ast.stmt, flags: int) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assign(node, flags)
        elif isinstance(node, (ast.For, ast.AsyncFor)) and self.deep:
            self.texts.loop(node.target, node.iter)
        if not self.deep and isinstance(node, _WITHOUT_BLOCK):
            return
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
        probed = GUARDED if self.probes and mentions(node.test, "find_spec") else 0
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
                self.imports += self.dynamic_imports.child_process(node)
            elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
                for part in node.generators:
                    self.texts.loop(part.target, part.iter)
            elif isinstance(node, ast.NamedExpr):
                self.texts.assign(node.target, node.value)
            stack.extend(reversed(list(ast.iter_child_nodes(node))))

    def _call(self, node: ast.Call, flags: int) -> None:
        name = call_name(node)
        first = node.args[0] if node.args else None
        suppressed = GUARDED if flags & _SUPPRESSED else 0
        self.dynamic_imports.call(node, name, (flags | suppressed) & ~_OWN)
        if name in CALLS:
            self.groups.call(node, name)
        elif name in _METADATA_CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            self.metadata.add(first.value)
        elif len(node.args) > 1 and self.assets and reads_environment(node, name):
            self._default(node.args[1])
