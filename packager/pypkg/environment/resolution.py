"""How what is not installed is resolved: the settings of the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypkg.environment.index import Index
from pypkg_core.binaries.binary import Minimum
from pypkg_core.targets.catalogue import Target

if TYPE_CHECKING:  # most runs have no lock
    from pypkg.environment.locks.lock import Lock

__all__ = ["Resolution"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """How wheels are chosen.

    Attributes:
        index: where they are looked for.
        newest: the newest C library or system that executables may need, where they are for one of that name; ``None``
            for any.
        lock: whose versions and hashes are obeyed.
        locked: whether a difference between the environment and the lock is an error.
    """

    index: Index = field(default_factory=Index)
    newest: Minimum | None = None
    lock: Lock | None = None
    locked: bool = False

    def newest_for(self, target: Target) -> tuple[int, ...] | None:
        """Return the newest version of the target's C library or system that is allowed, ``None`` for any."""
        names = (target.facts.libc, target.facts.system)
        return self.newest.version if self.newest is not None and self.newest.name in names else None
