"""The options about what is packaged: those of PyInstaller under other names, and patterns of files to leave out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from pypkg.project.asset_list import parse_asset
from pypkg.project.config import Config
from pypkg_core.errors import UsageError
from pypkg_core.patterns import Patterns

__all__ = ["ContentOptions", "content_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--asset", "assets", multiple=True),
    click.option("--hidden-import", "hidden_imports", multiple=True),
    click.option("--exclude", "excludes", multiple=True),
    click.option("--path", "paths", multiple=True, type=click.Path(path_type=Path)),
    click.option("--ignore", "ignore", multiple=True),
)


def content_options(function: _Function) -> _Function:
    """Give a command the options; it gets them as keywords, for `ContentOptions`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentOptions:
    """What the command line says about contents; each adds to the key of the configuration.

    Attributes:
        assets: ``SRC`` or ``SRC=DEST``, relative to the current directory.
        hidden_imports: modules, or patterns of their names.
        excludes: modules to leave out.
        paths: directories with modules of the project.
        ignore: patterns of files to leave out, relative to the configuration's directory.
    """

    assets: tuple[str, ...]
    hidden_imports: tuple[str, ...]
    excludes: tuple[str, ...]
    paths: tuple[Path, ...]
    ignore: tuple[str, ...]

    def configure(self, config: Config) -> Config:
        """Return the configuration with what the command line adds.

        Raises:
            UsageError: a value is wrong.
        """
        here = Path.cwd()
        try:
            ignore = Patterns.of((*config.ignore.texts, *self.ignore))
        except ValueError as error:
            raise UsageError(f"--ignore: {error}") from error
        moved = (*config.assets.moved, *(parse_asset(text, here) for text in self.assets))
        return dataclasses.replace(
            config,
            assets=dataclasses.replace(config.assets, moved=moved),
            hidden_imports=(*config.hidden_imports, *self.hidden_imports),
            excludes=(*config.excludes, *self.excludes),
            paths=(*config.paths, *(Path(os.path.normpath(here / path)) for path in self.paths)),
            ignore=ignore,
        )
