"""The environment a project's dependencies are installed in: its interpreter and where that looks for modules.

No code of the project is run. The interpreter is run once, isolated, to report the ``sys.path`` that its own ``site``
sets up, because only it knows ``.pth`` files and the layouts of distributors.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["Environment", "find_python", "inspect"]

_QUESTION: Final = """
import json, os, sys
stdlib = os.path.dirname(os.__file__)
print(json.dumps({"version": sys.version_info[:3], "path": sys.path, "stdlib": stdlib, "prefix": sys.prefix}))
"""
_SECONDS: Final = 30
_EXECUTABLES: Final = ("bin/python3", "bin/python", "Scripts/python.exe")


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """An interpreter and the directories it imports from.

    Attributes:
        python: the interpreter.
        version: ``(3, 11, 7)``.
        paths: directories outside the standard library, in ``sys.path`` order.
        prefix: its ``sys.prefix``.
        editable: top-level import name -> file or directory, of editable installs that use an import finder.
    """

    python: Path
    version: tuple[int, int, int]
    paths: tuple[Path, ...]
    prefix: Path
    editable: Mapping[str, Path] = field(default_factory=dict)


def find_python(explicit: Path | None, *, root: Path) -> Path:
    """Choose the interpreter whose environment holds the dependencies.

    Args:
        explicit: the value of ``--python``, or the environment the input belongs to: an interpreter or a directory.
        root: the project's directory, whose ``.venv`` is used if it exists.

    Raises:
        PypkgError: the interpreter named by ``--python`` or ``VIRTUAL_ENV`` does not exist.
    """
    if explicit is not None:
        return _interpreter(explicit, "--python")
    if active := os.environ.get("VIRTUAL_ENV"):
        return _interpreter(Path(active), "VIRTUAL_ENV")
    if (root / ".venv" / "pyvenv.cfg").is_file():
        return _interpreter(root / ".venv", str(root))
    return Path(sys.executable)


def _interpreter(path: Path, origin: str) -> Path:
    path = path.expanduser().absolute()  # not resolved: a virtual environment's interpreter is a link to its base's
    choices = [path / name for name in _EXECUTABLES] if path.is_dir() else [path]
    for choice in choices:
        if choice.is_file() and os.access(choice, os.X_OK):
            return choice
    raise PypkgError(
        f"Cannot use the Python environment {path} (from {origin}): it has no interpreter",
        hint="Give --python the path of an interpreter or of a virtual environment",
    )


def inspect(python: Path) -> Environment:
    """Ask an interpreter where it looks for modules.

    Raises:
        PypkgError: it cannot be run, or its answer is malformed.
    """
    command = [str(python), "-I", "-c", _QUESTION]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        answer = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=True
        )
        facts = json.loads(answer.stdout.splitlines()[-1])
        version = tuple(facts["version"])
        stdlib = Path(facts["stdlib"])
        prefix = Path(facts["prefix"])
        entries = [Path(entry) for entry in facts["path"] if entry]
    except subprocess.CalledProcessError as error:
        detail = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise PypkgError(
            f"Cannot inspect the Python environment of {python}: it exited with {error.returncode}",
            context={"message": detail[0]},
        ) from error
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError, KeyError) as error:
        raise PypkgError(
            f"Cannot inspect the Python environment of {python}: {error}",
            hint="Give --python the path of a working interpreter",
        ) from error
    own = {stdlib, stdlib / "lib-dynload"}
    paths = tuple(dict.fromkeys(entry for entry in entries if entry not in own and entry.is_dir()))
    return Environment(python=python, version=version, paths=paths, prefix=prefix, editable=_editable(paths))


def _editable(paths: tuple[Path, ...]) -> dict[str, Path]:
    """Return what setuptools' editable finders map: each contains a literal ``MAPPING`` of name to path."""
    found: dict[str, Path] = {}
    for directory in paths:
        for finder in sorted(directory.glob("__editable__*_finder.py")):
            try:
                tree = ast.parse(finder.read_bytes())
            except (OSError, SyntaxError, ValueError):
                continue
            for node in tree.body:
                if isinstance(node, ast.Assign):
                    targets = node.targets
                elif isinstance(node, ast.AnnAssign):
                    targets = [node.target]
                else:
                    continue
                if any(isinstance(target, ast.Name) and target.id == "MAPPING" for target in targets):
                    found.update(_literal_mapping(node.value))
    return found


def _literal_mapping(node: ast.expr | None) -> dict[str, Path]:
    try:
        value = ast.literal_eval(node) if node is not None else {}
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {str(name): Path(str(path)) for name, path in value.items()}
