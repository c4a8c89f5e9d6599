"""What is packaged: a script, a directory with ``__main__.py``, or a project with a ``pyproject.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pypkg_core.errors import UsageError
from pypkg_core.toml_tables import load_toml

__all__ = ["PYPROJECT", "EntryPoint", "Project", "load_project"]

PYPROJECT: Final = "pyproject.toml"

_ENTRY_POINT = re.compile(r"\s*(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<attribute>\w+(?:\.\w+)*)\s*(?:\[.*\])?\s*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")

# ELF, Windows, and the Mach-O magics (64-bit and universal, both byte orders).
_EXECUTABLE_HEADS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """A function to call: ``pkg.module:function`` (packaging.python.org/specifications/entry-points)."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"

    def main_source(self) -> str:
        """Return the source text of the ``__main__`` module that calls it, as an installer's console script does."""
        imported = self.attribute.partition(".")[0]
        return (
            f"import sys\nfrom {self.module} import {imported}\n"
            # Processes that multiprocessing spawns import it again.
            f"if __name__ == '__main__':\n    sys.exit({self.attribute}())\n"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """The project, found but not yet walked.

    Attributes:
        input: what the user named.
        root: the directory that is ``/snapshot/<name>``.
        name: the name below ``/snapshot``: the project's, or the script's without extension; never a directory's.
        output_name: what the executable is called when the user does not say.
        entry: the script that is ``__main__``, or the function to call.
        import_roots: directories whose modules belong to the project, in the order of ``sys.path``.
        pyproject: the ``pyproject.toml`` that was named or found in the input directory.
        environment: the virtual environment in whose ``bin`` the script lies, if it does.
    """

    input: Path
    root: Path
    name: str
    output_name: str
    entry: Path | EntryPoint
    import_roots: tuple[Path, ...]
    pyproject: Path | None = None
    environment: Path | None = None

    @property
    def main_path(self) -> str:
        """The path of ``__main__`` below ``/snapshot``; for an entry point a file that exists nowhere else."""
        if isinstance(self.entry, EntryPoint):
            return f"{self.name}/__main__.py"
        return f"{self.name}/{self.entry.relative_to(self.root).as_posix()}"


def load_project(path: Path) -> Project:
    """Find out what ``path`` is and where its entry is.

    Args:
        path: a Python script (with or without ``.py``), a directory, or a ``pyproject.toml``.

    Raises:
        UsageError: it does not exist, is no Python source, or names no entry.
    """
    # Not resolved: a link in a virtual environment's bin must stay there.
    place = Path(os.path.normpath(Path.cwd() / path))
    if place.is_dir():
        if (place / PYPROJECT).is_file():
            return _from_pyproject(path, place / PYPROJECT)
        return _from_directory(path, place, None, None)
    if not place.exists():
        raise UsageError(f"Input file does not exist: {path}")
    if not place.is_file():
        raise UsageError(f"Input is neither a file nor a directory: {path}")
    if place.name == PYPROJECT:
        return _from_pyproject(path, place)
    return _from_script(path, place)


def _from_script(shown: Path, script: Path) -> Project:
    try:
        with script.open("rb") as file:
            head = file.read(8192)
    except OSError as error:
        raise UsageError(f"Cannot read {shown}: {error.strerror}") from error
    if head.startswith(_EXECUTABLE_HEADS):
        raise UsageError(
            f"Trying to take executable into executable: {shown}",
            hint="Name the Python script, directory or pyproject.toml that is to be packaged",
        )
    if b"\0" in head:
        raise UsageError(f"Input is not a Python script: {shown} is a binary file")
    stem = script.stem if script.suffix in (".py", ".pyw") else script.name
    environment = _environment_of(script)
    return Project(
        input=shown,
        root=script.parent,
        name=stem,
        output_name=stem,
        entry=script,
        # Next to an installed console script lie other programs, no modules of it.
        import_roots=() if environment else (script.parent,),
        environment=environment,
    )


def _environment_of(script: Path) -> Path | None:
    for place in (script, script.resolve()):
        environment = place.parent.parent
        if place.parent.name in ("bin", "Scripts") and (environment / "pyvenv.cfg").is_file():
            return environment
    return None


def _from_pyproject(shown: Path, pyproject: Path) -> Project:
    document = load_toml(pyproject, UsageError)
    table = _table(document, "project", pyproject)
    root = pyproject.parent
    name = table.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise UsageError(f"project.name in {pyproject} is {name!r}, which is not a project name")
    entry_point = _entry_point(table, name, pyproject)
    if entry_point is None:
        return _from_directory(shown, root, name, pyproject)
    import_roots = _import_roots(document, root, entry_point.module.partition(".")[0])
    snapshot_name = name or entry_point.module.partition(".")[0]
    return Project(
        input=shown,
        root=root,
        name=snapshot_name,
        output_name=snapshot_name,
        entry=entry_point,
        import_roots=import_roots,
        pyproject=pyproject,
    )


def _from_directory(shown: Path, root: Path, name: str | None, pyproject: Path | None) -> Project:
    script = root / "__main__.py"
    if not script.is_file():
        wanted = f"neither project.scripts in {pyproject} nor {script} exists" if pyproject else f"{script} is missing"
        raise UsageError(
            f"Cannot find the entry of {shown}: {wanted}",
            hint='Name a script, or add to pyproject.toml: [project.scripts] name = "package.module:function"',
        )
    return Project(
        input=shown,
        root=root,
        name=name or script.stem,
        output_name=name or root.resolve().name or "app",
        entry=script,
        import_roots=(root,),
        pyproject=pyproject,
    )


def _entry_point(table: Mapping[str, Any], name: str | None, pyproject: Path) -> EntryPoint | None:
    """Return the entry with the project's name, else the first; console scripts come before windowed ones."""
    for key in ("scripts", "gui-scripts"):
        scripts = _table(table, key, pyproject, "project.")
        if not scripts:
            continue
        chosen = name if name is not None and name in scripts else next(iter(scripts))
        value = scripts[chosen]
        match = _ENTRY_POINT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise UsageError(f'project.{key}.{chosen} in {pyproject} is {value!r}, wanted "package.module:function"')
        return EntryPoint(module=match["module"], attribute=match["attribute"])
    return None


def _import_roots(document: Mapping[str, Any], root: Path, package: str) -> tuple[Path, ...]:
    """Return the directory that holds the entry's top-level module: what the build backend is told, src, or the root.

    Raises nothing: where the package is nowhere to be seen (generated, or installed), the root stands in and the
    graph says what it misses.
    """
    tool = document.get("tool")
    setuptools = tool.get("setuptools", {}) if isinstance(tool, dict) else {}
    candidates: list[str] = []
    if isinstance(setuptools, dict):
        packages = setuptools.get("packages", {})
        find = packages.get("find", {}) if isinstance(packages, dict) else {}
        where = find.get("where", []) if isinstance(find, dict) else []
        candidates += [item for item in where if isinstance(item, str)] if isinstance(where, list) else []
        directories = setuptools.get("package-dir", {})
        default = directories.get("") if isinstance(directories, dict) else None
        candidates += [default] if isinstance(default, str) else []
    for candidate in (*candidates, "src", "."):
        directory = root / candidate
        if (directory / package).is_dir() or (directory / f"{package}.py").is_file():
            return (directory,)
    return (root,)


def _table(document: Mapping[str, Any], key: str, path: Path, prefix: str = "") -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{prefix}{key} in {path} is not a table")
    return value
