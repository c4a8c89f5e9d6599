"""Numbers that both sides of the worker's pipe use. Standard library only, and quick to import."""

from __future__ import annotations

from typing import Final

__all__ = ["ASSETS", "COMPILE", "CONDITIONAL", "FALLBACK", "GUARDED", "IMPORTS", "LAZY", "TYPING_ONLY"]

# Modes: how much is looked for in a module; each includes the one before it.
COMPILE: Final = 0  # nothing, only compile
IMPORTS: Final = 1  # imports, plugin groups, metadata names
ASSETS: Final = 2  # references to files as well (the project's own code)

# Flags of an import: the conditions under which it runs.
GUARDED: Final = 1  # in a `try` that survives the module's absence
TYPING_ONLY: Final = 2  # below `if TYPE_CHECKING`
CONDITIONAL: Final = 4  # below another `if`
LAZY: Final = 8  # in a function, or lazy (PEP 810): it runs, and fails, later than its module
FALLBACK: Final = 16  # in the handler of another import's failure
