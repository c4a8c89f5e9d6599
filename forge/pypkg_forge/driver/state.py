"""The state of a target: what the cache has of it, or whether it can be forged. No base is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pypkg_core.bases.record import Base, Origin, find_cached, read_manifest
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.recipe import why_not

__all__ = ["CachedBase", "State", "target_state"]

_ORIGINS: Final[tuple[Origin, ...]] = ("built", "fetched")
_CAME_FROM: Final[dict[Origin, str]] = {"built": "built here", "fetched": "fetched"}
# The store deletes a fetched base whose hash is not the one that comes with pypkg.
_FETCHED_VERIFIED: Final = "by its published hash"
_UNRECORDED: Final = "not recorded"  # built before manifests said it, or the manifest is damaged


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedBase:
    """A base in the cache.

    Attributes:
        release: "3.13.5".
        size: in bytes.
        origin: whether it was forged on this machine or fetched.
        verified: how it was verified when it came into the cache.
    """

    release: str
    size: int
    origin: Origin
    verified: str

    def __str__(self) -> str:
        return f"{self.release} ({self.size / 1e6:.1f} MB), {_CAME_FROM[self.origin]}, verified: {self.verified}"


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What there is of a target.

    Attributes:
        cached: its bases in the cache.
        reason: why it cannot be forged; ``None`` if it can.
    """

    cached: tuple[CachedBase, ...]
    reason: str | None

    def __str__(self) -> str:
        if self.cached:
            return f"in the cache: {'; '.join(map(str, self.cached))}"
        return f"no: {self.reason}" if self.reason is not None else "can be built"


def target_state(target: Target) -> State:
    """Return the state of a target.

    Raises:
        PypkgError: the side file of a base cannot be read.
    """
    found = [base for origin in _ORIGINS if (base := find_cached(target, origin)) is not None]
    return State(cached=tuple(map(_cached, found)), reason=why_not(target))


def _cached(base: Base) -> CachedBase:
    verified = _FETCHED_VERIFIED
    if base.origin == "built":
        recorded = (read_manifest(base.path) or {}).get("verified")
        verified = recorded if isinstance(recorded, str) else _UNRECORDED
    return CachedBase(release=base.version, size=base.path.stat().st_size, origin=base.origin, verified=verified)
