"""Whose source text is packaged: by default nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from pypkg.diagnostics import Diagnostics
from pypkg.items import Module, Payload
from pypkg.project.config import Config

__all__ = ["WITHHOLD_ALL", "SourcePolicy", "unused_names"]

_ALL: Final = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcePolicy:
    """Decides for each module whether its source text is packaged.

    Attributes:
        project: whether the source text of the project's own modules is packaged.
        packages: normalised names of distributions whose source text is packaged.
        library: whether that of every distribution and of the standard library is packaged.
    """

    project: bool = False
    packages: frozenset[str] = frozenset()
    library: bool = False

    @classmethod
    def of(cls, config: Config) -> SourcePolicy:
        """Return the policy of a configuration."""
        return cls(project=config.public, packages=_named(config), library=_ALL in config.public_packages)

    def includes_source(self, module: Module) -> bool:
        """Return whether the source text of a collected module is packaged."""
        if not module.owner:
            return self.project
        return self.library or canonicalize_name(module.owner) in self.packages


WITHHOLD_ALL: Final = SourcePolicy()


def unused_names(config: Config, payload: Payload) -> Diagnostics:
    """Warn of names in ``public-packages`` that are not distributions of the payload."""
    diagnostics = Diagnostics()
    present = {canonicalize_name(module.owner) for module in payload.modules if module.owner}
    for name in sorted(_named(config) - present):
        diagnostics.warning(f"public-packages names {name}, which is not packaged")
    return diagnostics


def _named(config: Config) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in config.public_packages if name != _ALL)
