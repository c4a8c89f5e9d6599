"""The modules of the standard library that ``excludes`` names."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pypkg.diagnostics import Diagnostics
from pypkg.project.config import is_below
from pypkg_core.errors import UsageError
from pypkg_core.image import Image, ModuleKind
from pypkg_core.toml_tables import TableReader

__all__ = ["check_excludes", "without_modules"]

_FACTS: Final = Path(__file__).parents[1] / "data" / "interpreter.toml"
# The runtime's own modules, which are in every base.
_RUNTIME: Final = "_pypkg"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Interpreter:
    needed: tuple[str, ...]
    frozen: tuple[str, ...]


@cache
def _interpreter() -> _Interpreter:
    reader = TableReader(file=_FACTS)
    return reader.row("", reader.document(), _Interpreter)


def check_excludes(names: Collection[str], builtins: Collection[str]) -> Diagnostics:
    """Check what ``excludes`` names of the standard library.

    Args:
        names: of modules; each stands for those in it too.
        builtins: modules that are linked into the interpreter.

    Returns:
        Warnings about modules that can be imported all the same.

    Raises:
        UsageError: no program starts without one of them.
    """
    diagnostics = Diagnostics()
    facts = _interpreter()
    for name in names:
        if name.startswith(_RUNTIME) or any(is_below(needed, name) for needed in facts.needed):
            raise UsageError(
                f"excludes names {name}, without which no program starts", hint=f"Remove {name} from excludes"
            )
        if name in facts.frozen or name in builtins:
            text = f"excludes names {name}, which is a part of the interpreter and can be imported all the same"
            diagnostics.warning(text)
    return diagnostics


def without_modules(image: Image, names: Collection[str]) -> Image:
    """Return an image without some modules and their files, for copying into another one.

    Args:
        image: of a base.
        names: of modules; a package is left out with its directory, so that nothing of that name can be imported.
    """
    dropped = [module for module in image.modules if any(is_below(module.name, name) for name in names)]
    if not dropped:
        return image
    packages = (ModuleKind.PACKAGE, ModuleKind.NAMESPACE, ModuleKind.EXTENSION_PACKAGE)
    files = {module.entry.path for module in dropped}
    folders = tuple(
        module.entry.path.rpartition("/")[0] if module.kind is not ModuleKind.NAMESPACE else module.entry.path
        for module in dropped
        if module.kind in packages
    )
    inside = tuple(f"{folder}/" for folder in folders)
    result = copy.copy(image)
    result.entries = tuple(
        entry
        for entry in image.entries
        if entry.path not in files and entry.path not in folders and not entry.path.startswith(inside)
    )
    result.modules = tuple(module for module in image.modules if module not in dropped)
    return result
