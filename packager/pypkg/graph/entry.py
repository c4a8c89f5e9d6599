"""What a walk starts from: the entry of the project and what its configuration names."""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypkg.environment.requirements import applies
from pypkg.graph.named import module_of_file
from pypkg.graph.resolver import Node, Resolver, Root
from pypkg.project.asset_list import Asset
from pypkg.project.config import Config, is_below
from pypkg.project.dependencies import declared_requirements
from pypkg.project.project import EntryPoint, Project
from pypkg_core.errors import UsageError
from pypkg_core.image.layout import ModuleKind
from pypkg_core.names import MAIN_MODULE
from pypkg_core.patterns import NO_PATTERNS, Patterns

__all__ = ["Application", "project_roots", "start_application"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What a walk starts from.

    Attributes:
        name: the project's name; its own metadata is packaged when it is installed.
        root: the project's directory.
        main: the entry, as a node called ``__main__``.
        source: text of the entry.
        generated: whether the entry was generated and is not a file.
        declared: the requirements it declares, with those of the chosen extras; their markers may hold or not.
        requirements: normalised names of those that hold on the target; ``None`` without such a list.
        hidden_imports: modules to walk although nothing imports them.
        excludes: modules that stay out.
        assets: files that the configuration adds.
        ignore: files that stay out.
        ignore_root: the directory that those patterns are relative to.
        whole: whether packages that are reached come whole.
        reference_file: a file that the project cannot be without.
    """

    name: str
    root: Path
    main: Node
    source: bytes
    generated: bool
    whole: bool
    reference_file: Path
    requirements: frozenset[str] | None
    declared: tuple[Requirement, ...] = ()
    hidden_imports: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    ignore: Patterns = NO_PATTERNS
    ignore_root: Path = Path()

    def ignores(self, file: Path) -> bool:
        """Whether a file of the project stays out."""
        if not self.ignore or not file.is_relative_to(self.ignore_root):
            return False
        return self.ignore.matches(file.relative_to(self.ignore_root).as_posix())

    def drops(self, module: str) -> bool:
        """Whether a module stays out, by itself or with its package."""
        return any(is_below(module, name) for name in self.excludes)


def project_roots(project: Project, more: Iterable[Path] = ()) -> list[Root]:
    """Return the project's import roots with their paths below ``/snapshot``.

    Args:
        project: what is packaged.
        more: directories that are import roots too; what is outside the project gets a directory in it.

    Raises:
        UsageError: one of them is no directory.
    """
    roots: dict[Path, Root] = {}
    for directory in (*project.import_roots, *map(_existing, more)):
        if directory in roots:
            continue
        if directory.is_relative_to(project.root):
            relative = directory.relative_to(project.root).as_posix()
        else:
            taken = {root.prefix.rpartition("/")[2] for root in roots.values()}
            relative = _free_name(directory.name, project.root, taken)
        prefix = project.name if relative == "." else f"{project.name}/{relative}"
        roots[directory] = Root(directory, prefix, project=True)
    return list(roots.values())


def _existing(directory: Path) -> Path:
    if not directory.is_dir():
        raise UsageError(f"paths names {directory}, which is no directory")
    return Path(os.path.normpath(directory))


def _free_name(name: str, root: Path, taken: Collection[str]) -> str:
    """Return a name for a directory beside what the project has."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(item for item in names if item and item not in taken and not os.path.lexists(root / item))


def start_application(
    project: Project, config: Config, resolver: Resolver, *, markers: Mapping[str, str]
) -> Application:
    """Read the entry and resolve what the configuration names.

    Args:
        project: what is packaged.
        config: its configuration.
        resolver: finds the project's modules.
        markers: environment for requirement markers, of the target.

    Raises:
        UsageError: the entry cannot be read, or the configuration names missing files or files outside the project.
    """
    if isinstance(project.entry, EntryPoint):
        source = project.entry.main_source().encode()
    else:
        try:
            source = project.entry.read_bytes()
        except OSError as error:
            raise UsageError(f"Cannot read {project.entry}: {error.strerror}") from error
    assets = config.expand_assets(project.root)
    scripts = []
    for file in _scripts(config):
        if not file.is_file():
            continue
        module = module_of_file(file, resolver)
        if module is not None:
            scripts.append(module.name)
        else:  # no import can name it: a plug-in that is loaded by its path
            path = _below(project, file)
            assets.append(Asset(directory=project.root, relative=path, path=path, words=frozenset({file.name})))
    declared = declared_requirements(project, config.extras)
    return Application(
        name=project.name,
        root=project.root,
        main=Node(
            name=MAIN_MODULE,
            kind=ModuleKind.MODULE,
            root=Root(project.root, project.name, project=True),
            relative=project.main_path.partition("/")[2],
            source=True,
        ),
        source=source,
        generated=isinstance(project.entry, EntryPoint),
        whole=project.pyproject is not None,
        reference_file=project.entry if isinstance(project.entry, Path) else project.pyproject or project.root,
        requirements=None if declared is None else _names(declared, markers),
        declared=declared or (),
        hidden_imports=(*config.hidden_imports, *scripts),
        excludes=config.excludes,
        assets=tuple(assets),
        ignore=config.ignore,
        ignore_root=config.directory,
    )


def _names(requirements: Iterable[Requirement], markers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(canonicalize_name(item.name) for item in requirements if applies(item, markers))


def _scripts(config: Config) -> list[Path]:
    expansion = config.expand_scripts()
    if expansion.unmatched:
        raise UsageError(f"scripts in {config.origin} names '{expansion.unmatched[0]}', which matches no file")
    return list(expansion.files)


def _below(project: Project, file: Path) -> str:
    if not file.is_relative_to(project.root):
        raise UsageError(
            f"scripts names {file}, which is outside the project {project.root}",
            hint="Name the directory of its modules in paths, or with --path",
        )
    return file.relative_to(project.root).as_posix()
