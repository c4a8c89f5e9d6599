"""What a walk works with: one value that is handed around."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypkg.compile.compiler import Compiler
from pypkg.environment.distributions import Distribution, Installed, MetadataReader
from pypkg.environment.interpreter import Environment
from pypkg.environment.markers import target_markers
from pypkg.graph.dictionary import Dictionary, development_tools, load_dictionary
from pypkg.graph.entry import Application, project_roots, start_application
from pypkg.graph.module_files import top_level_names
from pypkg.graph.resolver import Node, Resolver, Root
from pypkg.project.config import Config
from pypkg.project.project import Project
from pypkg_core.image.layout import ModuleKind
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.targets.catalogue import Target

__all__ = ["GraphContext", "start_context"]

# Parts of the import system that are frozen into every interpreter and in no list of its modules.
_FROZEN: Final = frozenset({"_frozen_importlib", "_frozen_importlib_external"})


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphContext:
    """What a walk works with.

    Attributes:
        application: the entry and what the configuration adds.
        target: what the application is for.
        markers: environment for requirement markers, of the target.
        resolver: finds modules.
        installed: finds distributions.
        compiler: finds out what modules import.
        dictionary: what packages need beyond that.
        absent: distributions to treat as not installed.
        added: distributions that are there for the target only.
    """

    application: Application
    target: Target
    markers: Mapping[str, str]
    resolver: Resolver
    installed: Installed
    compiler: Compiler
    dictionary: Dictionary
    absent: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    _requirements: dict[tuple[Path, str], frozenset[str]] = field(default_factory=dict, repr=False)
    _optional: dict[tuple[Path, str], frozenset[str]] = field(default_factory=dict, repr=False)

    def owner(self, node: Node) -> Distribution | None:
        """Return the distribution a module belongs to, ``None`` for the project's and for namespace packages."""
        if node.root.project or node.kind is ModuleKind.NAMESPACE:
            return None
        return self.installed.owner(node.root.directory, node.relative)

    def requirements(self, distribution: Distribution) -> frozenset[str]:
        """Return the normalised names that a distribution requires on the target."""
        key = distribution.root, distribution.name
        found = self._requirements.get(key)
        if found is None:
            found = self._requirements[key] = frozenset(distribution.requirements(self.markers))
        return found

    def optional_requirements(self, distribution: Distribution) -> frozenset[str]:
        """Return the normalised names that a distribution's extras require on the target, if they are installed.

        Development tools are not among them.
        """
        key = distribution.root, distribution.name
        found = self._optional.get(key)
        if found is None:
            names = distribution.optional_requirements(self.markers) & self.installed.by_name.keys()
            found = self._optional[key] = frozenset(names - development_tools())
        return found

    @property
    def declared(self) -> Sequence[Requirement] | None:
        """What the project requires: its own list, else that of its installed metadata; ``None`` without either."""
        if self.application.requirements is not None:
            return self.application.declared
        own = self.installed.by_name.get(canonicalize_name(self.application.name))
        if own is not None and self.application.whole:
            return [*self.application.declared, *own.declared]
        return None

    def leaves_out(self, name: str) -> bool:
        """Return whether a distribution stays out although it is required.

        That is so if it does not work on the target, if the configuration excludes all its public modules or names
        the distribution, and for the project itself.
        """
        if name in self.absent:
            return True
        if self.application.whole and name == canonicalize_name(self.application.name):
            return True
        if not self.application.excludes:
            return False
        if any(name == canonicalize_name(excluded) for excluded in self.application.excludes):
            return True
        distribution = self.installed.by_name.get(name)
        tops = top_level_names(distribution) if distribution is not None else ()
        public = [top for top in tops if not top.startswith("_")] or tops
        return bool(public) and all(map(self.application.drops, public))


def start_context(
    project: Project,
    config: Config,
    target: Target,
    *,
    release: str,
    stdlib: Collection[str],
    environment: Environment,
    compiler: Compiler,
    metadata: MetadataReader | None = None,
) -> GraphContext:
    """Get everything ready for a walk.

    Args:
        release: exact Python release of the target's base, ``3.13.5``.
        stdlib: names of all modules in the target's base.
        environment: where the dependencies are installed.
        compiler: for the target.
        metadata: reads that of distributions; one that is used for several targets reads it once.

    Raises:
        UsageError: the entry cannot be read, or the configuration names missing files or files outside the project.
    """
    roots = project_roots(project, config.paths)
    own = {root.directory for root in roots}
    resolver = Resolver(
        project=roots,
        installed=[Root(path, SITE_PACKAGES) for path in environment.paths if path not in own],
        stdlib=_FROZEN | compiler.facts.builtins | frozenset(stdlib),
        editable=environment.editable,
    )
    markers = target_markers(target, release)
    return GraphContext(
        application=start_application(project, config, resolver, markers=markers),
        target=target,
        markers=markers,
        resolver=resolver,
        installed=Installed(
            (root.directory for root in resolver.installed), prefix=environment.prefix, metadata=metadata
        ),
        compiler=compiler,
        dictionary=Dictionary(
            load_dictionary(), overrides=config.dictionary.overrides, disabled=config.dictionary.disable
        ),
    )
