"""Whose source text is packaged: nobody's, unless it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from pypkg.items import Collection, Module
from pypkg.messages import Messages
from pypkg.project.config import Config

__all__ = ["NOTHING_DISCLOSED", "Disclosure"]

_ALL: Final = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Disclosure:
    """The answer for each module.

    Attributes:
        project: the project's own modules.
        packages: normalised names of distributions.
        library: everything else: every distribution and the standard library.
    """

    project: bool = False
    packages: frozenset[str] = frozenset()
    library: bool = False

    @classmethod
    def of(cls, config: Config, collection: Collection, messages: Messages) -> Disclosure:
        """Return what a configuration discloses; warn of names that are no distribution of the collection."""
        names = {canonicalize_name(name) for name in config.public_packages if name != _ALL}
        present = {canonicalize_name(module.owner) for module in collection.modules if module.owner}
        for name in sorted(names - present):
            messages.warning(f"public-packages names {name}, which is not packaged")
        return cls(project=config.public, packages=frozenset(names), library=_ALL in config.public_packages)

    def covers(self, module: Module) -> bool:
        """Whether the source text of a collected module is packaged."""
        if not module.owner:
            return self.project
        return self.library or canonicalize_name(module.owner) in self.packages


NOTHING_DISCLOSED: Final = Disclosure()
