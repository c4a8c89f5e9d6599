"""Follow the imports of an application from its entry, in order, first in first out."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from packaging.utils import canonicalize_name

from pypkg.compile.compiler import ASSETS, COMPILE, IMPORTS, Compiler, Scanned
from pypkg.compile.worker.scan import CONDITIONAL, FALLBACK, GUARDED, LAZY, TYPING_ONLY
from pypkg.environment.distributions import Distribution, Installed
from pypkg.environment.fit import fits
from pypkg.graph.dictionary import Dictionary, development_tools
from pypkg.graph.entry import Application
from pypkg.graph.import_graph import Edge, Edges
from pypkg.graph.resolver import Node, Resolver, addon_stem
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import ModuleKind
from pypkg_core.names import module_name
from pypkg_core.targets.catalogue import Target

__all__ = ["Walk", "Walker", "in_tests"]

_TEST_FOLDERS: Final = frozenset({"test", "tests"})
_PROGRAM_GROUPS: Final = frozenset({"console_scripts", "gui_scripts"})  # programs, not plugins of anything


@dataclass(kw_only=True, slots=True)
class Walk:
    """What a walk found.

    Attributes:
        nodes: walked modules, by name, in the order they were met.
        members: modules that come along because their distribution (or project package) does, by name.
        owners: distribution of each module; the project's have none.
        distributions: those that come whole, by name, in the order they were met.
        metadata: those of which only the metadata is asked for.
        chosen: module -> extension file that fits and takes its source's place, below its root.
        replaced: distribution -> modules whose addon does not fit and whose source serves instead.
        unfit: addon without source that does not fit -> distribution.
        found: findings of the project's modules, for their assets.
        broken: module -> why it does not compile; they are left out.
        edges: who imports whom.
        warnings, details: one line each.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    members: dict[str, Node] = field(default_factory=dict)
    owners: dict[str, Distribution] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    metadata: dict[str, Distribution] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, list[str]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    edges: Edges = field(default_factory=Edges)
    warnings: dict[str, None] = field(default_factory=dict)
    details: dict[str, None] = field(default_factory=dict)


class _Import(NamedTuple):
    """One item of ``imports``, see ``worker.scan``."""

    name: str
    level: int
    flags: int
    line: int
    names: list[str]


class Walker:
    """One walk; made anew when its outcome shows that something must be left out or replaced.

    Args:
        application: where to start.
        target: what the application is for.
        markers: environment for requirement markers, of the target.
        resolver: finds modules.
        installed: finds distributions.
        compiler: finds out what modules import.
        dictionary: what packages need beyond that.
        absent: distributions to treat as not installed.
    """

    def __init__(
        self,
        application: Application,
        *,
        target: Target,
        markers: Mapping[str, str],
        resolver: Resolver,
        installed: Installed,
        compiler: Compiler,
        dictionary: Dictionary,
        absent: Collection[str] = (),
    ) -> None:
        self.walk = Walk()
        self._application = application
        self._target = target
        self._markers = markers
        self._resolver = resolver
        self._installed = installed
        self._compiler = compiler
        self._dictionary = dictionary
        self._absent = absent
        self._queue: deque[str] = deque()
        self._groups: set[str] = set()
        self._standard: set[str] = set()
        self._project_tops: set[str] = set()
        self._required: dict[str, set[str]] = {}

    def run(self) -> Walk:
        """Walk everything.

        Raises:
            PypkgError: a module of the project does not compile, or cannot be read; a worker crashed.
        """
        main = self._application.main
        self.walk.nodes["__main__"] = main
        self._compiler.submit(main.path, self._application.source, ASSETS)
        self._queue.append("__main__")
        for name in self._application.hidden_imports:
            if not self._visit(name, Edge("__main__", name, False, False, 0)):
                self.walk.warnings[f"Cannot find module '{name}', a hidden import of the configuration"] = None
        self._drain()
        while self._declared_requirements():
            self._drain()
        return self.walk

    def _drain(self) -> None:
        while self._queue:
            name = self._queue.popleft()
            node = self.walk.nodes[name]
            scanned = self._compiler.result(node.path, self._mode(node))
            if scanned.error is not None:
                self._broken(node, scanned.error)
                continue
            if node.root.project:
                self.walk.found[name] = scanned.found
            self._follow(node, scanned)

    def _mode(self, node: Node) -> int:
        return ASSETS if node.root.project else IMPORTS

    # Following what a module refers to

    def _follow(self, node: Node, scanned: Scanned) -> None:
        for item in scanned.found.get("imports", ()):
            found = _Import(*item)
            if not found.flags & TYPING_ONLY:
                self._import(node, found)
        for group in scanned.found.get("groups", ()):
            self._entry_points(group)
        for name in scanned.found.get("metadata", ()):
            distribution = self._installed.by_name.get(canonicalize_name(name))
            if distribution is not None and distribution.name not in self._absent:
                self.walk.metadata.setdefault(distribution.name, distribution)
        for package, _, _ in scanned.found.get("resources", ()):
            if package not in ("__name__", "__package__"):
                self._visit(package, Edge(node.name, package, False, False, 0))
        if node.root.project:
            for line, text in scanned.found.get("dynamic", ()):
                place = f"{node.relative}:{line}"
                self.walk.warnings[f"{place}: cannot see what {text} imports; name it in hidden-imports"] = None

    def _import(self, node: Node, found: _Import) -> None:
        base, flags, line = found.name, found.flags, found.line
        if found.level:
            parts = node.package.split(".") if node.package else []
            if found.level > len(parts):
                self._missing(node, "." * found.level + base, flags, line)
                return
            base = ".".join([*parts[: len(parts) - found.level + 1], *([base] if base else [])])
        hard = not flags & (GUARDED | FALLBACK)
        conditional = bool(flags & CONDITIONAL)
        if not node.root.project and not found.level:
            other = self._undeclared(node, base)
            if other in development_tools():
                self.walk.details[f"{node.relative}:{line}: {base} is not followed, a tool of development"] = None
                return
            hard = hard and not (other and flags & LAZY)
        if not self._visit(base, Edge(node.name, base, hard, conditional, line)):
            self._missing(node, base, flags, line)
            if parent := base.rpartition(".")[0]:  # `import a.b` runs `a` even when there is no b
                self._visit(parent, Edge(node.name, parent, hard, conditional, line))
            return
        for name in found.names:
            if name != "*":
                child = f"{base}.{name}"
                self._visit(child, Edge(node.name, child, hard, conditional, line))

    def _undeclared(self, node: Node, target: str) -> str:
        """Return the distribution an import leads to when its importer's does not declare it, else ``""``."""
        found = self._resolver.find(target)
        owner = self._owner(node)
        other = self._owner(found) if isinstance(found, Node) else None
        if owner is None or other is None or other is owner or other.name in self._requirements(owner):
            return ""
        return other.name

    def _missing(self, node: Node, name: str, flags: int, line: int) -> None:
        message = f"{node.relative}:{line}: cannot find module '{name}'"
        if node.root.project and not flags & (GUARDED | FALLBACK | CONDITIONAL):
            self.walk.warnings[message] = None
        else:
            self.walk.details[message] = None

    def _entry_points(self, group: str) -> None:
        if group in self._groups or group in _PROGRAM_GROUPS:
            return
        self._groups.add(group)
        for distribution in self._installed.registering(group):
            for module in distribution.entry_points[group]:
                self._visit(module, Edge("__main__", module, False, False, 0))

    # Reaching modules and distributions

    def _visit(self, name: str, edge: Edge) -> bool:
        """Reach a module and the packages it lies in; return whether there is one of that name."""
        node = self._resolver.find(name)
        if node is None:
            return False
        if isinstance(node, str):
            self._standard_library(name.partition(".")[0])
            return True
        parent = name.rpartition(".")[0]
        if parent and not self._visit(parent, Edge(edge.source, parent, edge.hard, edge.conditional, edge.line)):
            return False
        if name not in self.walk.nodes and not self._reach(node):
            return False
        if edge.source != name:
            self.walk.edges.add(edge)
        return True

    def _reach(self, node: Node) -> bool:
        owner = self._owner(node) if node.kind is not ModuleKind.NAMESPACE else None
        if owner is not None and (
            owner.name in self._absent or self._dictionary.entry(owner.name).excludes.matches(node.relative)
        ):
            return False
        if self._application.drops(node.name) or (node.root.project and self._application.ignores(node.file)):
            return False
        self.walk.nodes[node.name] = node
        if owner is not None:
            self.walk.owners[node.name] = owner
            self.walk.edges.own(node.name, owner.name)
        if node.addons:
            self._choose_addon(node, owner)
        if node.source:
            self._submit(node, self._mode(node))
            self._queue.append(node.name)
        if owner is not None:
            self._reach_distribution(owner)
        elif node.root.project:
            self._reach_project(node)
        return True

    def _owner(self, node: Node) -> Distribution | None:
        if node.root.project or node.kind is ModuleKind.NAMESPACE:
            return None
        return self._installed.owner(node.root.directory, node.relative)

    def _choose_addon(self, node: Node, owner: Distribution | None) -> None:
        fitting = [name for name in node.addons if fits(node.root.directory / name, self._target)]
        if fitting:
            self.walk.chosen[node.name] = fitting[0]
        elif node.source:
            self.walk.replaced.setdefault(owner.name if owner else self._application.name, []).append(node.name)
        else:
            self.walk.unfit[node.name] = owner.name if owner else self._application.name

    def _reach_distribution(self, distribution: Distribution) -> None:
        if distribution.name in self.walk.distributions:
            return
        self.walk.distributions[distribution.name] = distribution
        entry = self._dictionary.entry(distribution.name)
        lazily = bool(self._requirements(distribution))
        for relative in distribution.files:
            name = _importable(relative)
            if not name or in_tests(relative) or entry.excludes.matches(relative) or self._application.drops(name):
                continue
            node = self._resolver.find(name)
            if isinstance(node, Node) and relative in (node.relative, *node.addons):
                self.walk.members[name] = node
                self.walk.owners[name] = distribution
                if node.addons and not node.source:
                    self.walk.edges.own(name, distribution.name)
                if lazily and node.source and name not in self.walk.nodes:
                    self._submit(node, IMPORTS)
                if entry.scripts.matches(relative):
                    self._visit(name, Edge("__main__", name, False, False, 0))
        self._hidden(distribution.name)

    def _hidden(self, name: str) -> None:
        for module in self._dictionary.entry(name).hidden_imports:
            self._visit(module, Edge("__main__", module, False, False, 0))

    def _standard_library(self, top: str) -> None:
        if top not in self._standard:
            self._standard.add(top)
            self._hidden(top)

    def _reach_project(self, node: Node) -> None:
        """Take a project's package whole, once."""
        top = node.name.partition(".")[0]
        if not self._application.whole or top in self._project_tops:
            return
        self._project_tops.add(top)
        package = self._resolver.find(top)
        if not isinstance(package, Node) or not package.portions:
            return
        for root, folder in package.portions:
            for relative in self._installed.owner(root.directory, f"{folder}/__init__.py").files:
                name = _importable(relative)
                found = self._resolver.find(name) if name and not in_tests(relative) else None
                if not isinstance(found, Node) or relative not in (found.relative, *found.addons):
                    continue
                if not self._application.ignores(found.file) and not self._application.drops(name):
                    self.walk.members[name] = found
                    if found.source:
                        self._submit(found, ASSETS)

    def _submit(self, node: Node, mode: int) -> None:
        try:
            source = node.file.read_bytes()
        except OSError as error:
            raise PypkgError(f"Cannot read {node.file}: {error.strerror}") from error
        self._compiler.submit(node.path, source, mode)

    def submit_members(self) -> None:
        """Start compiling what comes along unwalked."""
        for name, node in self.walk.members.items():
            if name not in self.walk.nodes and node.source and not node.root.project:
                self._submit(node, self.member_mode(name))

    def member_mode(self, name: str) -> int:
        """Return the mode a module was submitted in."""
        if name == "__main__" or name in self.walk.nodes:
            return self._mode(self.walk.nodes[name])
        node = self.walk.members[name]
        if node.root.project:
            return ASSETS
        owner = self.walk.owners.get(name)
        return IMPORTS if owner is not None and self._requirements(owner) else COMPILE

    def _requirements(self, distribution: Distribution) -> set[str]:
        found = self._required.get(distribution.name)
        if found is None:
            found = self._required[distribution.name] = distribution.requirements(self._markers)
        return found

    # What unwalked members need

    def _declared_requirements(self) -> bool:
        """Walk unwalked members only towards what their distribution declares; return whether that reached more."""
        before = len(self.walk.nodes)
        for distribution in list(self.walk.distributions.values()):
            wanted = {
                name
                for name in self._requirements(distribution)
                if name in self._installed.by_name and name not in self.walk.distributions and name not in self._absent
            }
            if wanted:
                members = [name for name in self.walk.members if self.walk.owners.get(name) is distribution]
                self._towards(members, wanted)
                compiled = [name for name in members if name in self.walk.chosen and not self.walk.members[name].source]
                if compiled:  # what it imports cannot be seen
                    for name in sorted(wanted):
                        self._reach_whole(self._installed.by_name[name])
        if self._application.whole:
            members = [name for name, node in self.walk.members.items() if node.root.project]
            self._towards(members, self._application.requirements)
        return len(self.walk.nodes) > before

    def _reach_whole(self, distribution: Distribution) -> None:
        for name in sorted({_importable(relative).partition(".")[0] for relative in distribution.files} - {""}):
            self._visit(name, Edge("__main__", name, False, False, 0))

    def _towards(self, members: list[str], wanted: Collection[str] | None) -> None:
        for name in members:
            node = self.walk.members[name]
            if name in self.walk.nodes or not node.source or name in self.walk.broken:
                continue
            scanned = self._compiler.result(node.path, self._mode(node))
            if scanned.error is not None:
                continue
            for text, level, flags, _, _ in scanned.found.get("imports", ()):
                if level or flags & TYPING_ONLY:
                    continue
                found = self._resolver.find(text) or self._resolver.find(text.partition(".")[0])
                owner = self._owner(found) if isinstance(found, Node) else None
                if isinstance(found, Node) and owner is not None and (wanted is None or owner.name in wanted):
                    self._visit(found.name, Edge(name, found.name, False, False, 0))

    def _broken(self, node: Node, error: tuple[str, int]) -> None:
        message, line = error
        place = f"{node.file}:{line}" if line else str(node.file)
        if node.root.project:
            raise PypkgError(f"Cannot compile {place}: {message}")
        self.walk.broken[node.name] = message
        self.walk.warnings[f"{node.relative}:{line}: {message}; the module is left out"] = None


def _importable(relative: str) -> str:
    """Return the module name of a file of a distribution, ``""`` when it is none."""
    if relative.endswith(".py"):
        return module_name(relative)
    folder, _, file = relative.rpartition("/")
    from_addon = addon_stem(file)
    if not from_addon:
        return ""
    parts = folder.split("/") if folder else []
    if from_addon != "__init__":
        parts.append(from_addon)
    return ".".join(parts)


def in_tests(relative: str) -> bool:
    """Whether a file lies in a folder of tests."""
    return not _TEST_FOLDERS.isdisjoint(relative.split("/")[:-1])
