"""Whose source text is packaged: by default that of what is free, and not the project's own (docs/decisions/0005)."""

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
        named: normalised names of distributions whose source text is packaged because the configuration says so.
        free: those whose source text is packaged because their licence is free.
        everyone: whether the configuration names all distributions.
        library: whether the source text of the standard library is packaged.
    """

    project: bool = False
    named: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    everyone: bool = False
    library: bool = False

    @classmethod
    def of(cls, config: Config, *, free: frozenset[str]) -> SourcePolicy:
        """Return the policy of a configuration.

        Args:
            free: distributions with a free licence.
        """
        if config.no_source:
            return WITHHOLD_ALL
        everyone = _ALL in config.public_packages
        return cls(project=config.public, named=_named(config), free=free, everyone=everyone, library=True)

    def includes_source(self, module: Module) -> bool:
        """Return whether the source text of a collected module is packaged."""
        if not module.owner:
            return self.project
        return self.everyone or module.owner in self.free or canonicalize_name(module.owner) in self.named

    def explained(self, owner: str | None) -> str:
        """Return whether a source text is packaged, and why.

        Args:
            owner: a distribution, ``""`` for the project, ``None`` for the standard library.
        """
        if self == WITHHOLD_ALL:
            return "source withheld"
        if owner is None:
            return "source inside"
        if not owner:
            return "source inside (public)" if self.project else "source withheld (not public)"
        if self.everyone or canonicalize_name(owner) in self.named:
            return "source inside (public-packages)"
        return "source inside (free licence)" if owner in self.free else "source withheld (not a free licence)"


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
