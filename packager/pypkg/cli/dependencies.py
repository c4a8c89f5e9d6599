"""The options about dependencies: which, from where, and an environment of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from pypkg.environment.index import Index
from pypkg.environment.locks import LOCK_FILES
from pypkg.environment.requirements import single_requirement
from pypkg.environment.resolution import Resolution
from pypkg.pipeline.package import forge_base
from pypkg.project.config import Config
from pypkg.project.inline_metadata import fitting_versions
from pypkg.project.project import EntryPoint, Project, project_from_index
from pypkg_core.bases.store import find_base
from pypkg_core.errors import UsageError
from pypkg_core.progress import QUIET, Reporter
from pypkg_core.targets.catalogue import Target

__all__ = ["DependencyOptions", "default_target", "dependency_options"]

_PATH: Final = click.Path(path_type=Path)
_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--from-index", "from_index"),
    click.option("--entry", "entry"),
    click.option("--extra", "extras", multiple=True),
    click.option("-r", "--requirements", "requirements", type=_PATH),
    click.option("--locked", "locked", is_flag=True),
    click.option("-i", "--index-url", "index_url"),
    click.option("--extra-index-url", "extra_index_urls", multiple=True),
    click.option("-f", "--find-links", "find_links", multiple=True),
    click.option("--no-index", "no_index", is_flag=True),
    click.option("--glibc", "glibc"),
)


def dependency_options(function: _Function) -> _Function:
    """Give a command the options; it gets them as keywords, for `DependencyOptions`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencyOptions:
    """What the command line says about dependencies.

    Attributes:
        from_index: a requirement, whose console script is packaged in place of an input.
        entry: the console script, if it has several.
        extras: of the project.
        requirements: a lock, or a requirements file.
        locked: whether the environment may not differ from the lock.
        index_url, extra_index_urls, find_links, no_index: as pip has them.
        glibc: the newest one that executables may need.
    """

    from_index: str | None
    entry: str | None
    extras: tuple[str, ...]
    requirements: Path | None
    locked: bool
    index_url: str | None
    extra_index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool
    glibc: str | None

    def check(self, inputs: tuple[Path, ...]) -> None:
        """Check that the options fit each other.

        Raises:
            UsageError: they do not.
        """
        if self.from_index is not None and inputs:
            raise UsageError(f"--from-index {self.from_index} takes the place of the input {inputs[0]}")
        if self.entry is not None and self.from_index is None:
            raise UsageError("--entry chooses a console script of --from-index, which is missing")

    def configure(self, config: Config) -> Config:
        """Return the configuration with what the command line changes.

        Raises:
            UsageError: a value is wrong.
        """
        names = tuple(name.strip() for text in self.extras for name in text.split(",") if name.strip())
        try:
            return dataclasses.replace(config, extras=names or config.extras, glibc=self.glibc or config.glibc)
        except ValueError as error:
            raise UsageError(f"--{error}") from error

    def resolution(self, project: Project | None, config: Config | None) -> Resolution:
        """Return how wheels are chosen.

        Args:
            project: whose lock is read, unless the command line names one.
            config: its configuration.

        Raises:
            UsageError: the lock cannot be read; ``--locked`` without a lock.
        """
        more: tuple[str, ...] = ()
        lock = None
        root, named = _lock_root(project), self.requirements or _lock_of_script(project)
        if named is not None or (root is not None and any((root / name).is_file() for name in LOCK_FILES)):
            # Imported only here: most runs have no lock, and its readers take a while to import.
            from pypkg.environment.locks.find import find_lock  # noqa: PLC0415
            from pypkg.environment.locks.requirements_file import read_requirements_file  # noqa: PLC0415

            lock = find_lock(root, named)
            if named is not None and named.suffix not in (".toml", ".lock"):
                more = read_requirements_file(named).index_options
        if self.locked and lock is None:
            raise UsageError("--locked: there is no lock", hint="Name one with -r, or write pylock.toml or uv.lock")
        index = Index(
            index_url=self.index_url,
            extra_index_urls=self.extra_index_urls,
            find_links=self.find_links,
            no_index=self.no_index,
            more=more,
        )
        return Resolution(
            index=index, newest=config.newest if config is not None else None, lock=lock, locked=self.locked
        )

    def project_from_index(self, target: Target, reporter: Reporter) -> Project:
        """Return the project that is a console script of ``from_index``.

        Args:
            target: for whose Python series it is installed to find out.

        Raises:
            UsageError: it is no requirement, or has not one console script.
            PypkgError: it cannot be installed.
        """
        # Imported only here: most runs make no environment.
        from pypkg.environment.console_scripts import find_console_script  # noqa: PLC0415
        from pypkg.environment.made import read_environment  # noqa: PLC0415
        from pypkg.pipeline.environments import make_for  # noqa: PLC0415

        text = self.from_index or ""
        requirement = single_requirement(text)
        made = make_for((text,), target, self.resolution(None, None), reporter=reporter, forge=forge_base)
        script = find_console_script(read_environment(made), requirement.name, self.entry)
        entry = EntryPoint(module=script.module, attribute=script.attribute)
        return project_from_index(text, script.name, entry, made)


def default_target(project: Project, host: Target) -> Target:
    """Return the target if none is named: this machine, and a Python that the script runs on.

    That is the running one, else the newest whose base is in the cache, else the newest.

    Raises:
        UsageError: the script runs on no Python of the table.
    """
    if project.inline is None:
        return host
    versions = fitting_versions(project.inline)
    if host.version in versions:
        return host
    targets = [dataclasses.replace(host, version=version) for version in versions]
    kept = (target for target in targets if find_base(target, download=False, reporter=QUIET) is not None)
    return next(kept, targets[0])


def _lock_root(project: Project | None) -> Path | None:
    return project.root if project is not None and project.pyproject is not None else None


def _lock_of_script(project: Project | None) -> Path | None:
    """Return the lock beside a script with inline metadata, as ``uv lock --script`` names it."""
    if project is None or project.inline is None:
        return None
    path = project.inline.origin.with_name(f"{project.inline.origin.name}.lock")
    return path if path.is_file() else None
