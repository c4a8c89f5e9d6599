"""The input: a script, a directory with ``__main__.py``, or a project with a ``pyproject.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pypkg.project.inline_metadata import InlineMetadata, read_inline_metadata
from pypkg_core.binaries.magics import EXECUTABLE_MAGICS
from pypkg_core.errors import UsageError
from pypkg_core.toml_tables import load_toml

__all__ = ["PYPROJECT", "EntryPoint", "Project", "is_project_name", "load_project", "project_from_index"]

PYPROJECT: Final = "pyproject.toml"

_ENTRY_POINT = re.compile(r"\s*(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<attribute>\w+(?:\.\w+)*)\s*(?:\[.*\])?\s*")
_PROJECT_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """A function to call: ``pkg.module:function`` (packaging.python.org/specifications/entry-points)."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"

    def main_source(self) -> str:
        """Return the source text of a ``__main__`` module that calls the function, like an installed console script."""
        imported = self.attribute.partition(".")[0]
        return (
            f"import sys\nfrom {self.module} import {imported}\n"
            # Child processes of multiprocessing import it again.
            f"if __name__ == '__main__':\n    sys.exit({self.attribute}())\n"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project and its entry.

    Attributes:
        input: the path on the command line.
        root: the directory that becomes ``/snapshot/<name>``.
        name: the name below ``/snapshot``: the project's, or the script's without its suffix; never a directory's.
        output_name: the default name of the executable.
        entry: the script that becomes ``__main__``, or the function to call.
        import_roots: directories whose modules belong to the project, in the order of ``sys.path``.
        pyproject: the ``pyproject.toml`` that is the input, or is in the input directory.
        environment: the virtual environment whose ``bin`` contains the script, or that was made for the program.
        inline: what the script says about itself in a ``# /// script`` block, if it has one.
        requirements: what an environment has that is made for the project; ``None`` if the user has one.
    """

    input: Path
    root: Path
    name: str
    output_name: str
    entry: Path | EntryPoint
    import_roots: tuple[Path, ...]
    pyproject: Path | None = None
    environment: Path | None = None
    inline: InlineMetadata | None = None
    requirements: tuple[str, ...] | None = None

    @property
    def main_path(self) -> str:
        """The path of ``__main__`` below ``/snapshot``; for a function, a file that exists only there."""
        if isinstance(self.entry, EntryPoint):
            return f"{self.name}/__main__.py"
        return f"{self.name}/{self.entry.relative_to(self.root).as_posix()}"


def is_project_name(text: str) -> bool:
    """Return whether ``text`` is a name as packaging.python.org/specifications/name-normalization defines it."""
    return _PROJECT_NAME.fullmatch(text) is not None


def load_project(path: Path) -> Project:
    """Return the project at ``path``, with its entry.

    Args:
        path: a Python script (with or without ``.py``), a directory, or a ``pyproject.toml``.

    Raises:
        UsageError: it does not exist, is not Python source, or has no entry.
    """
    # Not resolved: a script that is a link in the bin of a virtual environment belongs to that environment.
    absolute = Path(os.path.normpath(Path.cwd() / path))
    if absolute.is_dir():
        if (absolute / PYPROJECT).is_file():
            return _from_pyproject(path, absolute / PYPROJECT)
        return _from_directory(path, absolute, None, None)
    if not absolute.exists():
        raise UsageError(f"Input file does not exist: {path}")
    if not absolute.is_file():
        raise UsageError(f"Input is neither a file nor a directory: {path}")
    if absolute.name == PYPROJECT:
        return _from_pyproject(path, absolute)
    return _from_script(path, absolute)


def _from_script(shown: Path, script: Path) -> Project:
    try:
        source = script.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {shown}: {error.strerror}") from error
    head = source[:8192]
    if head.startswith(EXECUTABLE_MAGICS):
        raise UsageError(
            f"Trying to take executable into executable: {shown}",
            hint="Name a Python script, a directory or a pyproject.toml",
        )
    if b"\0" in head:
        raise UsageError(f"Input is not a Python script: {shown} is a binary file")
    stem = script.stem if script.suffix in (".py", ".pyw") else script.name
    environment = _environment_of(script)
    inline = read_inline_metadata(script, source)
    return Project(
        input=shown,
        root=script.parent,
        name=stem,
        output_name=stem,
        entry=script,
        # The files next to an installed console script are other programs, not modules of this one.
        import_roots=() if environment else (script.parent,),
        environment=environment,
        inline=inline,
        requirements=inline.dependencies if inline is not None else None,
    )


def project_from_index(requirement: str, name: str, entry: EntryPoint, environment: Path) -> Project:
    """Return the project that is a console script of an environment which was made for a requirement.

    Args:
        requirement: as on the command line, for messages.
        name: of the console script.
        entry: what it calls.
        environment: where the requirement is installed.

    Raises:
        UsageError: the name of the script cannot be the name of a project.
    """
    if not is_project_name(name):
        raise UsageError(f"Cannot package the console script {name!r} of {requirement}: it is no project name")
    return Project(
        input=Path(requirement),
        # Nothing of it is packaged: the program is made of distributions only.
        root=environment / ("Scripts" if (environment / "Scripts").is_dir() else "bin"),
        name=name,
        output_name=name,
        entry=entry,
        import_roots=(),
        environment=environment,
        requirements=(requirement,),
    )


def _environment_of(script: Path) -> Path | None:
    for path in (script, script.resolve()):
        environment = path.parent.parent
        if path.parent.name in ("bin", "Scripts") and (environment / "pyvenv.cfg").is_file():
            return environment
    return None


def _from_pyproject(shown: Path, pyproject: Path) -> Project:
    document = load_toml(pyproject, UsageError)
    table = _table(document, "project", pyproject)
    root = pyproject.parent
    name = table.get("name")
    if name is not None and not (isinstance(name, str) and is_project_name(name)):
        raise UsageError(f"project.name in {pyproject}: expected a project name, got {name!r}")
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
        missing = f"neither project.scripts in {pyproject} nor {script} exists" if pyproject else f"{script} is missing"
        raise UsageError(
            f"Cannot find the entry of {shown}: {missing}",
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
    """Return the script with the project's name, else the first; ``scripts`` come before ``gui-scripts``."""
    for key in ("scripts", "gui-scripts"):
        scripts = _table(table, key, pyproject, "project.")
        if not scripts:
            continue
        chosen = name if name is not None and name in scripts else next(iter(scripts))
        value = scripts[chosen]
        match = _ENTRY_POINT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise UsageError(
                f'project.{key}.{chosen} in {pyproject}: expected "package.module:function", got {value!r}'
            )
        return EntryPoint(module=match["module"], attribute=match["attribute"])
    return None


def _import_roots(document: Mapping[str, Any], root: Path, package: str) -> tuple[Path, ...]:
    """Return the directory of the entry's top-level module: the one configured for setuptools, ``src``, or the root.

    If the package is in none of them (generated, or installed), it is the root; the graph reports what is missing.
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
        raise UsageError(f"{prefix}{key} in {path}: expected a table, got {value!r}")
    return value
