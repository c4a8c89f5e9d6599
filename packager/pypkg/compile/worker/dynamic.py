"""Imports by name at run time: ``import_module(NAME)``, lazy loaders, listed packages. Standard library only."""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from .protocol import GUARDED, LAZY
from .syntax import dotted_name, literal
from .texts import ANY, OWN, Texts

__all__ = ["WORDS", "DynamicImports"]

WORDS: Final = tuple(
    b"__import__ import_module import( Import( import_ importor lazy_ Lazy lazy. attach_stub run_module executable"
    b" iter_modules walk_packages".split()
)
"""Only sources that contain one of these words have such imports."""
_BUILTIN: Final = frozenset({"__import__", "__lazy_import__"})
_FUNCTIONS: Final = frozenset({"import_module", "run_module", *_BUILTIN})
_LISTERS: Final = frozenset({"iter_modules", "walk_packages"})
_MODULE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class DynamicImports:
    """The imports of one module that are calls.

    Args:
        texts: the names of the module that are given texts.

    Attributes:
        computed: those whose module cannot be told: line and source text.
        reads_stub: whether a lazy loader reads the stub beside the module.
    """

    def __init__(self, texts: Texts) -> None:
        self.computed: list[list[Any]] = []
        self.reads_stub = False
        self._texts = texts
        self._calls: list[tuple[ast.Call, str, int]] = []
        self._bound: dict[str, tuple[int, str]] = {}

    def bind(self, alias: ast.alias, module: str, level: int) -> None:
        """Remember the name that ``from module import alias`` or, without a module, ``import alias`` gives."""
        if level or module:
            self._bound[alias.asname or alias.name] = level, f"{module}.{alias.name}" if module else alias.name
        elif alias.asname:
            self._bound[alias.asname] = 0, alias.name

    def call(self, node: ast.Call, name: str, flags: int) -> None:
        """Remember a call; names that it uses may be assigned further down."""
        if name == "attach_stub":
            self.reads_stub = True
        elif name in _FUNCTIONS or name in _LISTERS or _loads_by_name(name.lower(), node.func):
            self._calls.append((node, name, flags))

    def child_process(self, node: ast.List) -> list[list[Any]]:
        """Return the import of ``[sys.executable, "-m", "package"]``, which runs a module in a child process."""
        program, option, module = node.elts[:3]
        if dotted_name(program) == "sys.executable" and literal(option) == "-m" and isinstance(literal(module), str):
            return [[literal(module), 0, GUARDED | LAZY, node.lineno, ["__main__"]]]
        return []

    def resolve(self) -> list[list[Any]]:
        """Return the imports, as in the findings; to be called when all statements were seen."""
        found: list[list[Any]] = []
        for node, name, flags in self._calls:
            if name in _FUNCTIONS:
                found += self._import(node, name, flags)
            elif name in _LISTERS:
                found += self._listed(node, flags)
            else:
                found += self._by_function(node, flags)
        return found

    def _import(self, node: ast.Call, name: str, flags: int) -> list[list[Any]]:
        arguments = {keyword.arg: keyword.value for keyword in node.keywords}
        target = node.args[0] if node.args else arguments.get("name", arguments.get("mod_name"))
        if target is None:
            return []
        package = None if name in _BUILTIN else node.args[1] if len(node.args) > 1 else arguments.get("package")
        texts = self._texts.of(target)
        certain = len(texts) == 1 and ANY not in texts[0]
        flags |= (0 if certain else GUARDED) | (LAZY if name == "__lazy_import__" else 0)
        found = []
        for text in texts:
            place = self._place(text, package)
            if place is None:
                if not self.computed or self.computed[-1][0] != node.lineno:
                    self.computed.append([node.lineno, ast.unparse(node).split("\n")[0][:100]])
            elif place != (0, ""):
                found.append([place[1], place[0], flags, node.lineno, ["__main__"] if name == "run_module" else []])
        return found

    def _place(self, text: str, package: ast.expr | None) -> tuple[int, str] | None:
        """Return level and name of what a text imports; ``None`` if not even a part of its beginning is known."""
        level = len(text) - len(text.lstrip(OWN))
        if level:
            rest = text[level:]
            return (level, rest[1:]) if rest.startswith(".") else None if rest else (level, "")
        level = len(text) - len(text.lstrip("."))
        name = text[level:]
        if not level:
            return (0, name) if not name.startswith(ANY) else None
        if package is None:
            return level, name
        base = self._texts.of(package)[0]
        if base.startswith(OWN):
            above = len(base) - len(base.lstrip(OWN)) - 1
            inner = [part for part in base.strip(OWN).split(".") if part]
            kept = inner[: max(len(inner) - level + 1, 0)]
            return above + max(level - len(inner), 1), ".".join([*kept, *([name] if name else [])])
        if base.startswith(ANY):
            return (level, name) if isinstance(package, ast.Attribute) and package.attr == "__package__" else None
        parts = base.split(".")
        return 0, ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])

    def _listed(self, node: ast.Call, flags: int) -> list[list[Any]]:
        """``pkgutil.iter_modules(package.__path__)``: the modules of the package are imported by whoever lists them."""
        path = node.args[0] if node.args else next((item.value for item in node.keywords if item.arg == "path"), None)
        name = dotted_name(path) if path is not None else ""
        if name == "__path__":
            return [[ANY, 1, flags | GUARDED | LAZY, node.lineno, []]]
        owner, _, attribute = name.rpartition(".")
        if attribute != "__path__" or "?" in owner:
            return []
        first, _, rest = owner.partition(".")
        level, module = self._bound.get(first, (0, first))
        return [[".".join(filter(None, (module, rest, ANY))), level, flags | GUARDED | LAZY, node.lineno, []]]

    def _by_function(self, node: ast.Call, flags: int) -> list[list[Any]]:
        """``try_import("x")``, ``LazyLoader("x")``: a function of that kind gets names of modules."""
        found = []
        values = [*node.args, *(item.value for item in node.keywords)]
        for text in [text for value in values for text in self._texts.of(value)]:
            name, _, attribute = text.partition(":")
            if _MODULE.fullmatch(name):
                module, _, last = name.rpartition(".")
                found.append([name, 0, flags | GUARDED | LAZY, node.lineno, []])
                if module and not attribute:  # import_string("shop.forms.Form")
                    found.append([module, 0, flags | GUARDED | LAZY, node.lineno, [last]])
        return found


def _loads_by_name(name: str, function: ast.expr) -> bool:
    """Whether a function has a name such as ``try_import``, ``LazyLoader``, ``lazy_loader.load``."""
    if "import" in name:
        return True
    if name == "load" and isinstance(function, ast.Attribute):
        name += dotted_name(function.value).lower()
    return "lazy" in name and ("load" in name or "module" in name)
