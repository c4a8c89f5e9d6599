"""Distributions whose addons do not fit the target are replaced by their wheels for it."""

from __future__ import annotations

from pathlib import Path

from pypkg.diagnostics import Diagnostics
from pypkg.environment import wheels
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import Root
from pypkg.graph.walk import Walk
from pypkg_core.snapshot import SITE_PACKAGES

__all__ = ["Replacements"]


class Replacements:
    """Fetches wheels and lets the graph prefer them.

    Args:
        context: its resolver and distributions are changed.
        python: the environment's interpreter, whose pip is used when the running Python has none.
        cache: directory for wheels.

    Attributes:
        diagnostics: what was replaced.
        problem: why a wheel is missing; empty when none is.
    """

    def __init__(self, context: GraphContext, *, python: Path, cache: Path) -> None:
        self.diagnostics = Diagnostics()
        self.problem = ""
        self._context = context
        self._python = python
        self._cache = cache
        self._tried: set[str] = set()

    def fetch(self, walk: Walk) -> bool:
        """Replace distributions of a walk whose addons do not fit; return whether any was replaced.

        Each is looked for once.

        Raises:
            PypkgError: the cache cannot be written.
        """
        target = self._context.target
        if not target.addons:
            return False
        names = sorted((set(walk.unfit.values()) | set(walk.replaced)) & set(walk.distributions) - self._tried)
        self._tried.update(names)
        pins = [(name, walk.distributions[name].version) for name in names if walk.distributions[name].version]
        if not pins:
            return False
        fetched = wheels.fetch(pins, target, cache=self._cache, python=self._python)
        self.problem = fetched.problem
        for name, directory in sorted(fetched.directories.items()):
            self._context.installed.add_root(directory, prefer=True)
            self._context.resolver.prefer(Root(directory, SITE_PACKAGES))
            self.diagnostics.notice(f"{name}: using its wheel for {target}")
        return bool(fetched.directories)
