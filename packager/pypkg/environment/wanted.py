"""Which distributions a program needs on its target: what is declared, with the extras and markers that hold there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypkg.environment.distributions import Distribution
from pypkg.environment.requirements import applies

__all__ = ["RequirementSearch", "Want", "Wanted", "find_wanted"]


@dataclass(kw_only=True, slots=True)
class Want:
    """A distribution that is required on the target.

    Attributes:
        name: normalised name.
        specifier: all that is said of its version.
        extras: normalised names of the extras that are asked for.
        by: who requires it, the first one: a distribution, or ``""`` for the project.
    """

    name: str
    specifier: SpecifierSet
    extras: set[str] = field(default_factory=set)
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is required.

    Attributes:
        required: by name; installed or not.
        missing: names of those that the target requires, this machine does not, and nothing has installed.
        only_host: installed distributions that this machine requires and the target does not.
    """

    required: Mapping[str, Want]
    missing: frozenset[str]
    only_host: frozenset[str]


class RequirementSearch:
    """Follows requirements from distribution to distribution; what it found grows with every call.

    Args:
        installed: by name.
        target: environment for markers.
        host: the same of this machine and the environment's Python, where it matters what only one of them requires.
        added: distributions that are there for the target only.
        leaves_out: tells of a name whether that distribution is to stay out; nothing is required for its sake.

    Attributes:
        required: what the target requires, by name, in the order it was found; installed or not.
        only_host: what this machine requires at a place where the target does not.
        only_target: what the target requires at a place where this machine does not.
    """

    def __init__(
        self,
        installed: Mapping[str, Distribution],
        target: Mapping[str, str],
        *,
        host: Mapping[str, str] | None = None,
        added: Collection[str] = (),
        leaves_out: Callable[[str], bool] | None = None,
    ) -> None:
        self._installed, self._target, self._host, self._added = installed, target, host, added
        self._leaves_out = leaves_out
        self._queue: list[str] = []
        self.required: dict[str, Want] = {}
        self.only_host: set[str] = set()
        self.only_target: set[str] = set()

    def run(self, declared: Iterable[Requirement], reached: Iterable[str]) -> None:
        """Add requirements of the project, and distributions that are needed anyway, with what they require."""
        for requirement in declared:
            self._add(requirement, "", ())
        for name in reached:
            self._require(name)
        self._follow()

    def _require(self, name: str, by: str = "") -> Want:
        want = self.required.get(name)
        if want is None:
            want = self.required[name] = Want(name=name, specifier=SpecifierSet(prereleases=None), by=by)
            self._queue.append(name)
        return want

    def _add(self, requirement: Requirement, by: str, extras: Collection[str]) -> None:
        """Add what one requirement means."""
        name = canonicalize_name(requirement.name)
        if self._leaves_out is not None and self._leaves_out(name):
            return
        on_host = self._host is not None and by not in self._added and applies(requirement, self._host, extras)
        if not applies(requirement, self._target, extras):
            if on_host:
                self.only_host.add(name)
            return
        if not on_host:
            self.only_target.add(name)
        want = self._require(name, by)
        want.specifier &= requirement.specifier
        more = {canonicalize_name(extra) for extra in requirement.extras} - want.extras
        if more:
            want.extras |= more
            self._queue.append(name)

    def _follow(self) -> None:
        """Add what the distributions found so far require."""
        while self._queue:
            name = self._queue.pop()
            distribution = self._installed.get(name)
            if distribution is not None:
                for requirement in distribution.declared:
                    self._add(requirement, name, self.required[name].extras)


def find_wanted(
    declared: Sequence[Requirement],
    reached: Collection[str],
    installed: Mapping[str, Distribution],
    added: Collection[str],
    *,
    target: Mapping[str, str],
    host: Mapping[str, str],
    leaves_out: Callable[[str], bool] | None = None,
) -> Wanted:
    """Follow requirements from what the project declares and what its code imports.

    Args:
        declared: the project's, with those of the chosen extras; their markers may hold or not.
        reached: names of distributions that are imported.
        installed: by name.
        added: those of them that are there for the target only.
        target: environment for markers.
        host: the same of this machine and the environment's Python.
        leaves_out: tells of a name whether that distribution is to stay out.
    """

    def new_search() -> RequirementSearch:
        return RequirementSearch(installed, target, host=host, added=added, leaves_out=leaves_out)

    search = new_search()
    search.run(declared, sorted(reached))
    if search.only_host:
        # What is imported is required too, unless it is there for this machine only.
        candidates = search.only_host
        search = new_search()
        search.run(declared, sorted(name for name in reached if name not in candidates))
    only_host = search.only_host - search.required.keys()
    missing = {name for name in search.only_target if name in search.required and name not in installed}
    return Wanted(
        required=search.required,
        missing=frozenset(missing),
        only_host=frozenset(name for name in only_host if name in installed),
    )
