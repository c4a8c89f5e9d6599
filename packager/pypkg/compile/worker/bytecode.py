"""Read a module that has no source: its bytecode, and what that imports. Standard library only."""

from __future__ import annotations

import dis
import importlib.util
import marshal
import sys
import types
from typing import Any, Final

from .protocol import GUARDED

__all__ = ["process_bytecode"]

# Magic number, flags, and two words about the source (peps.python.org/pep-0552).
_HEADER: Final = 16
_NUMBERS: Final = frozenset({"LOAD_CONST", "LOAD_SMALL_INT"})


def process_bytecode(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the imports of a ``.pyc`` file for this Python, and its marshalled code; see :func:`.scan.process`.

    What the code does when an import fails is not looked for, so every import counts as one whose failure it handles.
    """
    try:
        if not data.startswith(importlib.util.MAGIC_NUMBER):
            raise ValueError("wrong magic number")
        code = marshal.loads(data[_HEADER:])  # noqa: S302 - it is not run
        if not isinstance(code, types.CodeType):
            raise TypeError("no code object")
    except (EOFError, TypeError, ValueError) as error:
        return {"error": [f"not bytecode of Python {sys.version_info[0]}.{sys.version_info[1]}: {error}", 0]}, b""
    imports = _imports(code)
    return {"imports": imports} if imports else {}, data[_HEADER:]


def _imports(code: types.CodeType) -> list[list[Any]]:
    found: list[list[Any]] = []
    constants: list[Any] = [0, None]  # the last two that were loaded: the level, and the names
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = getattr(instruction, "line_number", None) or instruction.starts_line or line
        if instruction.opname in _NUMBERS:
            constants = [constants[1], instruction.argval]
        elif instruction.opname == "IMPORT_NAME":
            level, names = constants
            texts = [name for name in names if isinstance(name, str)] if isinstance(names, tuple) else []
            if instruction.argval != "__future__" and isinstance(level, int):
                found.append([instruction.argval, level, GUARDED, max(int(line), 1), texts])
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += _imports(constant)
    return found
