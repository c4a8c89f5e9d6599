"""Run a program from source before it is packaged, and add what it imported and read: ``--trace``."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pypkg.environment.interpreter import Environment
from pypkg.graph.context import GraphContext
from pypkg.graph.module_files import importable_name
from pypkg.graph.resolver import Node, Resolver
from pypkg.items import Payload
from pypkg.project.asset_list import Asset
from pypkg_core.errors import PypkgError
from pypkg_core.names import MAIN_MODULE

__all__ = ["Traced", "run_traced", "with_traced"]

_PROGRAM: Final = Path(__file__).with_name("traced_program.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Traced:
    """What is to be added to a configuration.

    Attributes:
        hidden_imports: modules that no code shows.
        assets: files of the project that no code shows, relative to its directory.
    """

    hidden_imports: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hidden_imports or self.assets)

    def packaged(self, payload: Payload, name: str) -> Traced:
        """Return what of it a payload has: rules may leave a file out.

        Args:
            name: of the project.
        """
        files = {file.path for file in payload.files}
        modules = {module.name for module in payload.modules}
        return Traced(
            hidden_imports=tuple(item for item in self.hidden_imports if item in modules),
            assets=tuple(item for item in self.assets if f"{name}/{item}" in files),
        )

    @property
    def settings(self) -> dict[str, list[str]]:
        """The keys of the configuration that keep it."""
        found = {"hidden-imports": list(self.hidden_imports), "assets": list(self.assets)}
        return {key: value for key, value in found.items() if value}


def run_traced(context: GraphContext, environment: Environment, arguments: Sequence[str]) -> list[Path]:
    """Run the program as it is in the project, with the environment's distributions; return the files it read.

    Args:
        context: knows the entry, and the interpreter: the base of the target if this machine runs it.
        environment: where the distributions are.
        arguments: of the program.

    Raises:
        PypkgError: it could not be started.
    """
    application = context.application
    main = application.main.file
    task = {
        "roots": [str(root.directory) for root in context.resolver.project],
        "sites": [str(path) for path in environment.paths],
        "main": "" if application.generated else str(main),
        "name": application.name,
        "source": application.source.decode() if application.generated else "",
    }
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "files")
        command = [str(context.compiler.python), "-I", "-S", str(_PROGRAM), str(log), json.dumps(task), *arguments]
        try:
            subprocess.run(command, check=False)  # how the program ends is its own affair
        except OSError as error:
            raise PypkgError(f"Cannot run {context.compiler.python}: {error.strerror}") from error
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return [_source(Path(json.loads(line))) for line in lines]


def with_traced(context: GraphContext, payload: Payload, files: Sequence[Path]) -> tuple[GraphContext, Traced]:
    """Return the context with what a program read and a payload lacks, and that.

    Args:
        context: what the payload was collected with.
        payload: what is packaged without it.
        files: that the program read.
    """
    application, resolver = context.application, context.resolver
    modules = {module.name for module in payload.modules} | {MAIN_MODULE}
    packaged = {file.path for file in payload.files}
    names: set[str] = set()
    data: dict[str, Asset] = {}
    for file in files:
        if not file.is_file() or file == application.main.file or application.ignores(file):
            continue
        name = _module(file, resolver)
        if name:
            names.add(name)
        elif file.is_relative_to(application.root) and not _is_installed(file, resolver):
            relative = file.relative_to(application.root).as_posix()
            if f"{application.name}/{relative}" not in packaged:
                data[relative] = Asset(directory=application.root, relative=relative, path=relative, words=frozenset())
    found = Traced(hidden_imports=tuple(sorted(names - modules)), assets=tuple(sorted(data)))
    changed = replace(
        application,
        hidden_imports=(*application.hidden_imports, *found.hidden_imports),
        assets=(*application.assets, *data.values()),
    )
    return replace(context, application=changed), found


def _source(path: Path) -> Path:
    """Return the source of a file in ``__pycache__``, other files as they are."""
    try:
        return Path(importlib.util.source_from_cache(os.fspath(path))) if path.suffix == ".pyc" else path
    except ValueError:
        return path


def _is_installed(file: Path, resolver: Resolver) -> bool:
    return any(file.is_relative_to(root.directory) for root in resolver.installed)


def _module(file: Path, resolver: Resolver) -> str:
    """Return the name that imports a file, ``""`` if no import does."""
    for root in (*resolver.project, *resolver.installed):
        if file.is_relative_to(root.directory):
            relative = file.relative_to(root.directory).as_posix()
            found = resolver.find(importable_name(relative)) if importable_name(relative) else None
            if not isinstance(found, Node) or found.root.directory != root.directory:
                continue
            if relative in (found.relative, *found.addons):
                return found.name
    return ""
