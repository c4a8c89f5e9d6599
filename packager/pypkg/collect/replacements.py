"""Which distributions of the environment are replaced, added or left out for a target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pypkg.collect.missing_wheel import missing_wheel_error
from pypkg.diagnostics import Diagnostics
from pypkg.environment.distributions import Distribution
from pypkg.environment.fit import is_library, newer_minimum
from pypkg.environment.interpreter import Environment
from pypkg.environment.markers import host_markers
from pypkg.environment.resolution import Resolution
from pypkg.environment.wanted import Wanted, find_wanted
from pypkg.environment.wheel_choices import Absent, Choice, WheelCache
from pypkg.environment.wheel_file import SITE
from pypkg.environment.wheel_tags import fits_tags
from pypkg.environment.wheels import Question, WheelFinder
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import Root
from pypkg.graph.walk import Walk
from pypkg_core.errors import PypkgError
from pypkg_core.names import MAIN_MODULE
from pypkg_core.snapshot import SITE_PACKAGES

__all__ = ["Replacements"]


class Replacements:
    """Lets the graph see the target's distributions in place of this machine's.

    Args:
        context: its resolver and distributions are changed.
        environment: where the dependencies are installed.
        resolution: how wheels are chosen.
        cache: directory for wheels.

    Attributes:
        diagnostics: what was replaced, added and left out.

    Raises:
        PypkgError: the lock is not for the target.
    """

    def __init__(self, context: GraphContext, environment: Environment, resolution: Resolution, *, cache: Path) -> None:
        self.diagnostics = Diagnostics()
        self._context = context
        self._host = host_markers(environment.version)
        self._cache = WheelCache(cache)
        self._lock = resolution.lock
        self._is_locked = resolution.locked
        self._differing: set[str] = set()
        if self._lock is not None:
            self._lock.check(context.markers)
        newest = resolution.newest_for(context.target)
        self._finder = WheelFinder(context.target, index=resolution.index, cache=self._cache, newest=newest)
        self._asked: dict[str, Question] = {}
        self._absent: dict[str, Absent] = {}

    def apply(self, context: GraphContext, walk: Walk) -> GraphContext:
        """Return the context for the next walk: ``context`` itself if this one was made with everything in its place.

        Each distribution is looked for once.

        Raises:
            PypkgError: a distribution that only the target requires has no wheel; a wheel is damaged; the cache cannot
                be written.
        """
        installed = context.installed.by_name
        wanted = find_wanted(
            context.declared or context.application.declared,
            walk.distributions,
            installed,
            context.added,
            target=context.markers,
            host=self._host,
            leaves_out=context.leaves_out,
        )
        left_out = self._only_host(walk, wanted) - context.absent
        other = list(self._other_versions(walk))
        missing = self._missing(wanted)
        found = self._find(
            [*(self._question(name, wanted) for name in missing), *other, *self._unfit(walk), *self._newer(walk)]
        )
        self._check_missing(wanted, missing)
        self._check_locked({question.name for question in other})
        for choice in found:
            self._use(choice, added=choice.name in missing)
        if not left_out and not found:
            return context
        for name in sorted(left_out):
            self.diagnostics.notice(f"{name}: left out, because nothing requires it on {context.target}")
        added = {choice.name for choice in found if choice.name in missing}
        return replace(context, absent=context.absent | left_out, added=context.added | added)

    def required_error(self, distribution: Distribution, *, addon: str, importer: str) -> PypkgError:
        """Return the error for a distribution whose addon is required and does not fit."""
        reason = f"its native addon {addon} is installed for another Python or platform"
        question = self._asked.get(distribution.name)
        if question is None:
            return PypkgError(
                f"Cannot package {distribution.name} for {self._context.target}: {reason}, and no metadata says which"
                " wheel it is",
                hint="Install it with pip, so that its version is known",
                context={"imported by": importer},
            )
        answer = self._absent.get(question.name, Absent("its wheel does not fit either"))
        return missing_wheel_error(self._finder, question, answer, reason=reason, importer=importer)

    def _only_host(self, walk: Walk, wanted: Wanted) -> frozenset[str]:
        """Return the distributions to leave out: what fails without one, keeps it."""
        if not wanted.only_host:
            return frozenset()
        needed = walk.imports.reached_hard([MAIN_MODULE])
        reached = (name for name in wanted.only_host if name in walk.distributions)
        return frozenset(name for name in reached if needed.isdisjoint(walk.imports.members(name)))

    def _missing(self, wanted: Wanted) -> list[str]:
        """Return what is required and not installed, if only the target requires it or the lock has it."""
        installed = self._context.installed.by_name
        locked = {name for name in wanted.required if name not in installed and self._as_locked(name) is not None}
        return sorted(wanted.missing | locked)

    def _question(self, name: str, wanted: Wanted) -> Question:
        return self._as_locked(name) or Question(name=name, specifier=str(wanted.required[name].specifier))

    def _as_locked(self, name: str) -> Question | None:
        """Return the question for the version of the lock, ``None`` if that says nothing of it."""
        entry = self._lock.find(name, self._context.markers) if self._lock is not None else None
        if entry is None or not entry.version:
            return None
        only_links = entry.source != "index"
        return Question(name=name, specifier=f"=={entry.version}", hashes=entry.hashes, only_links=only_links)

    def _other_versions(self, walk: Walk) -> Iterable[Question]:
        """Yield what is installed in another version than the lock has, or is not in it; told once."""
        if self._lock is None:
            return
        from pypkg.environment.locks.lock import differences  # noqa: PLC0415 (most runs have no lock)

        installed = {name: distribution.version for name, distribution in walk.distributions.items()}
        found = differences(self._lock, installed, self._context.markers)
        lines = [f"{name} {version} (locked: {locked})" for name, locked, version in found]
        if self._lock.complete:
            markers = self._context.markers
            lines += [
                f"{name} {version} (not locked)"
                for name, version in installed.items()
                if version and self._lock.find(name, markers) is None
            ]
        new = [line for line in lines if line not in self._differing]
        self._differing.update(new)
        if new and self._is_locked:
            raise PypkgError(
                f"The environment differs from {self._lock.origin}, and --locked allows no difference",
                hint="Install what is locked, or lock what is installed",
                context={"installed": ", ".join(new)},
            )
        if new:
            self.diagnostics.warning(
                f"The environment differs from {self._lock.origin}: {', '.join(new)}; what is locked is packaged"
            )
        for name, _, _ in found:
            question = self._as_locked(name)
            if question is not None:
                yield question

    def _unfit(self, walk: Walk) -> Iterable[Question]:
        """Yield what is installed for another platform or Python."""
        target = self._context.target
        if not target.addons:
            return
        reached = set(walk.unfit.values()) | set(walk.replaced)
        for name, distribution in sorted(walk.distributions.items()):
            if name in reached or not fits_tags(distribution.wheel_tags, target):
                yield from self._same_version(distribution)

    def _newer(self, walk: Walk) -> Iterable[Question]:
        """Yield what needs a newer C library or system than the base does."""
        target = self._context.target
        if not target.addons or target.facts.minimum is None:
            return
        for distribution in walk.distributions.values():
            libraries = [name for name in distribution.files if is_library(name)]
            minima = [newer_minimum(distribution.root / name, target) for name in libraries]
            newest = max((found.version for found in minima if found is not None), default=None)
            if newest is not None:
                yield from self._same_version(distribution, below=newest)

    def _same_version(self, distribution: Distribution, below: tuple[int, ...] | None = None) -> Iterable[Question]:
        locked = self._as_locked(distribution.name)
        if locked is not None and locked.specifier == f"=={distribution.version}":
            only_links = locked.only_links or distribution.is_from_elsewhere
            yield replace(locked, below=below, only_links=only_links)
        elif distribution.version:
            yield Question(
                name=distribution.name,
                specifier=f"=={distribution.version}",
                only_links=distribution.is_from_elsewhere,
                below=below,
            )

    def _find(self, questions: Iterable[Question]) -> list[Choice]:
        new: dict[str, Question] = {}
        for question in questions:
            if question.name not in self._asked:
                new.setdefault(question.name, question)
        self._asked |= new
        answers = self._finder.find(new.values())
        self._absent |= {name: answer for name, answer in answers.items() if isinstance(answer, Absent)}
        return [answer for _, answer in sorted(answers.items()) if isinstance(answer, Choice)]

    def _check_missing(self, wanted: Wanted, missing: Iterable[str]) -> None:
        for name in (name for name in missing if name in self._absent):
            by = wanted.required[name].by or self._context.application.name
            reason = f"{by} requires it there"
            raise missing_wheel_error(self._finder, self._asked[name], self._absent[name], reason=reason)

    def _check_locked(self, differing: set[str]) -> None:
        """Check that there is a wheel for what is installed in another version than is locked."""
        for name in sorted(differing & self._absent.keys()):
            reason = "its lock has another version than the environment"
            raise missing_wheel_error(self._finder, self._asked[name], self._absent[name], reason=reason)

    def _use(self, choice: Choice, *, added: bool) -> None:
        prefix = self._cache.directory(choice)
        site_packages = prefix / SITE
        self._context.installed.add_root(site_packages, prefix=prefix, prefer=True)
        self._context.resolver.prefer(Root(site_packages, SITE_PACKAGES))
        target = self._context.target
        what = f"added for {target}" if added else f"using its wheel for {target}"
        self.diagnostics.notice(f"{choice.name}: {what}")
        self.diagnostics.detail(f"{choice.filename}: from {choice.url}, SHA-256 {choice.sha256}")
        if choice.yanked:
            self.diagnostics.warning(f"{choice.name} {choice.version} was withdrawn by its authors (yanked)")
