"""Follow the imports of an application from its entry, first in, first out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name

from pypkg.compile.findings import Findings, Import, ImportFlag, SourceError
from pypkg.environment.distributions import Distribution
from pypkg.environment.fit import best_fitting, has_magic
from pypkg.environment.pytest_folders import in_folders
from pypkg.graph.context import GraphContext
from pypkg.graph.declared import Declared
from pypkg.graph.dictionary import development_tools
from pypkg.graph.import_graph import ImportEdge
from pypkg.graph.members import Members
from pypkg.graph.module_files import entry_modules
from pypkg.graph.name_patterns import matching_modules
from pypkg.graph.named import listed_modules, named_modules
from pypkg.graph.resolver import Node
from pypkg.graph.sources import Sources
from pypkg.graph.walk import Walk
from pypkg_core.errors import PypkgError
from pypkg_core.names import MAIN_MODULE
from pypkg_core.patterns import has_wildcard

__all__ = ["Walker"]

_PROGRAM_GROUPS: Final = frozenset({"console_scripts", "gui_scripts"})  # programs, not plugins


class Walker:
    """One walk; when its outcome shows that something must be left out or replaced, another walk is made.

    Args:
        context: what it works with.
    """

    def __init__(self, context: GraphContext) -> None:
        self._context = context
        self._application = context.application
        self._walk = Walk()
        self._sources = Sources(context, self._walk)
        self._members = Members(context, self._walk, self._sources)
        self._declared = Declared(context, self._walk, self._sources)
        self._queue: deque[str] = deque()
        self._groups: set[str] = set()
        self._stdlib: set[str] = set()
        self._named: set[str] = set()  # reached only because a text or a file names them

    def run(self) -> Walk:
        """Walk everything.

        Raises:
            PypkgError: a module of the project does not compile or cannot be read; a worker crashed.
        """
        self._start()
        self._drain()
        while self._follow_declared():
            self._drain()
        return self._walk

    def _start(self) -> None:
        main = self._application.main
        self._walk.nodes[MAIN_MODULE] = main
        self._sources.submit_text(main, self._application.source)
        self._queue.append(MAIN_MODULE)
        for pattern in self._application.hidden_imports:
            found = matching_modules(pattern, self._context.resolver)
            visited = [self._visit(name, ImportEdge(MAIN_MODULE, name)) for name in found]
            if not any(visited):
                self._walk.diagnostics.warning(f"Cannot find module '{pattern}', which hidden-imports names")

    def _drain(self) -> None:
        while self._queue:
            node = self._walk.nodes[self._queue.popleft()]
            compiled = self._sources.walked(node)
            if compiled.error is not None:
                self._broken(node, compiled.error)
                continue
            if node.root.project:
                self._walk.findings[node.name] = compiled.findings
            self._follow(node, compiled.findings)

    def _follow_declared(self) -> bool:
        """Reach what no import of a walked module does; return whether that was anything new."""
        before = len(self._walk.nodes), len(self._walk.distributions)
        for distribution, by in self._declared.new_distributions():
            self._bring(distribution, by)
        if before == (len(self._walk.nodes), len(self._walk.distributions)):
            for edge in self._declared.imports():
                self._visit(edge.target, edge)
        return before != (len(self._walk.nodes), len(self._walk.distributions))

    def _bring(self, distribution: Distribution, by: str) -> None:
        """Take a distribution along because it is declared; nothing fails without it as far as imports tell."""
        for name in entry_modules(distribution, self._context.resolver):
            found = self._context.resolver.find(name)
            owner = self._context.owner(found) if isinstance(found, Node) else None
            if owner is not None and owner.name == distribution.name:
                self._visit(name, ImportEdge(MAIN_MODULE, name))
        if distribution.name not in self._walk.distributions:  # without modules, or with others' names
            self._visit_hidden(self._members.add_distribution(distribution))
        self._walk.diagnostics.detail(f"{distribution.name}: packaged, because {by} requires it")

    def _broken(self, node: Node, error: SourceError) -> None:
        if node.root.project and node.name not in self._named:
            location = f"{node.file}:{error.line}" if error.line else str(node.file)
            raise PypkgError(f"Cannot compile {location}: {error.message}")
        self._walk.broken.add(node.name)
        text = f"{error.message}; the module is left out"
        self._walk.diagnostics.warning(text, file=node.relative, line=error.line)

    # What a module refers to

    def _follow(self, node: Node, findings: Findings) -> None:
        for item in findings.imports:
            if not item.typing_only:
                self._import(node, item)
        for group in (*findings.groups, *findings.possible_groups):
            self._entry_points(group)
        if findings.computed_groups:
            self._computed_groups(node, findings)
        for name in findings.metadata:
            distribution = self._context.installed.by_name.get(canonicalize_name(name))
            if distribution is not None and distribution.name not in self._context.absent:
                self._walk.metadata.setdefault(distribution.name, distribution)
        for resource in findings.resources:
            if not resource.own_package:
                self._visit(resource.package, ImportEdge(node.name, resource.package))
        self._follow_names(node, findings)
        if node.root.project:
            for line, text in findings.dynamic:
                self._walk.diagnostics.warning(
                    f"cannot tell what {text} imports",
                    file=node.relative,
                    line=line,
                    hint="name the modules in hidden-imports",
                )

    def _follow_names(self, node: Node, findings: Findings) -> None:
        """Reach the modules that texts and files name."""
        for named in named_modules(node, findings, self._context.resolver):
            self._visit_softly(named.name, node)
        if findings.stub:
            self._follow_stub(node)
        if node.root.project:
            for listed in listed_modules(node, findings, self._context.resolver):
                self._visit_softly(listed.name, node)

    def _follow_stub(self, node: Node) -> None:
        """Follow the imports of the stub beside a module, from which a lazy loader takes them."""
        stub = replace(node, relative=f"{node.relative.removesuffix('.py')}.pyi")
        if node.source and stub.file.is_file():
            self._sources.submit(stub)
            for item in self._sources.walked(stub).findings.imports:
                self._import(node, item._replace(flags=item.flags | ImportFlag.LAZY | ImportFlag.GUARDED))

    def _visit_softly(self, name: str, node: Node) -> None:
        """Reach a module that a text names; it need not compile."""
        if name not in self._walk.nodes:
            self._named.add(name)
        self._visit(name, ImportEdge(node.name, name))

    def _import(self, node: Node, item: Import) -> None:
        base = item.name
        if item.level:
            parts = node.package.split(".") if node.package else []
            if item.level > len(parts):
                self._missing(node, "." * item.level + base, item)
                return
            base = ".".join([*parts[: len(parts) - item.level + 1], *([base] if base else [])])
        if has_wildcard(base):
            self._import_all(node, base, item)
            return
        self._named.discard(base)
        if isinstance(self._context.resolver.find(base), str):
            self._visit_stdlib(base.partition(".")[0])  # all of it is in the base, whatever is imported from it
            return
        hard, conditional, line = item.hard, item.conditional, item.line
        if not node.root.project and not item.level:
            other = self._undeclared(node, base)
            if other in development_tools() and not hard:
                text = f"import of {base} is not followed: it is a development tool"
                self._walk.diagnostics.detail(text, file=node.relative, line=line)
                return
            hard = hard and not (other and item.lazy)
        if not self._visit(base, ImportEdge(node.name, base, hard, conditional, line)):
            self._missing(node, base, item)
            if parent := base.rpartition(".")[0]:  # `import a.b` runs `a` even when `a.b` does not exist
                self._visit(parent, ImportEdge(node.name, parent, hard, conditional, line))
            return
        for name in item.names:
            child = self._context.resolver.find(f"{base}.{name}")
            if isinstance(child, Node):
                # The packages that it is in were reached with `base`.
                self._visit_node(child, ImportEdge(node.name, child.name, hard, conditional, line))

    def _import_all(self, node: Node, pattern: str, item: Import) -> None:
        """Reach every module that an import with a computed part may lead to."""
        found = matching_modules(pattern, self._context.resolver)
        for name in found:
            module = self._context.resolver.find(name)
            # In distributions, not what is deeper: those modules are packaged anyway, but not all their imports.
            if not isinstance(module, Node) or (not node.root.project and name.count(".") > pattern.count(".")):
                continue
            owner = self._context.owner(module)
            if owner is None or not in_folders(module.relative, owner.test_folders):
                self._visit_softly(name, node)
        if not found and node.root.project:
            text = f"cannot find a module '{pattern}'"
            hint = "name the modules in hidden-imports"
            self._walk.diagnostics.warning(text, file=node.relative, line=item.line, hint=hint)

    def _undeclared(self, node: Node, target: str) -> str:
        """Return the distribution an import leads to if the importer's does not declare it, else ``""``."""
        found = self._context.resolver.find(target)
        other = self._context.owner(found) if isinstance(found, Node) else None
        if other is None:
            return ""
        owner = self._context.owner(node)
        if owner is None or other is owner or other.name in self._context.requirements(owner):
            return ""
        return other.name

    def _missing(self, node: Node, name: str, item: Import) -> None:
        text = f"cannot find module '{name}'"
        if node.root.project and item.hard and not item.conditional:
            self._walk.diagnostics.warning(text, file=node.relative, line=item.line)
        else:
            self._walk.diagnostics.detail(text, file=node.relative, line=item.line)

    def _entry_points(self, group: str) -> None:
        if group in self._groups or group in _PROGRAM_GROUPS:
            return
        self._groups.add(group)
        for distribution in self._context.installed.registering(group):
            for module in distribution.entry_points[group]:
                self._visit(module, ImportEdge(MAIN_MODULE, module))

    def _computed_groups(self, node: Node, findings: Findings) -> None:
        """Tell of groups whose names are not in the module either."""
        if any(self._context.installed.registering(group) for group in findings.possible_groups):
            return
        diagnostics = self._walk.diagnostics
        for line, text in findings.computed_groups:
            message = f"cannot tell which entry points {text} finds"
            if node.root.project:
                hint = "name the modules of the plugins in hidden-imports"
                diagnostics.warning(message, file=node.relative, line=line, hint=hint)
            else:
                diagnostics.detail(message, file=node.relative, line=line)

    # Reaching modules and distributions

    def _visit(self, name: str, edge: ImportEdge) -> bool:
        """Reach a module and the packages it is in; return whether a module of that name exists."""
        node = self._context.resolver.find(name)
        if node is None:
            return False
        if isinstance(node, str):
            self._visit_stdlib(name.partition(".")[0])
            return True
        parent = name.rpartition(".")[0]
        # Not edge._replace(): it takes three times as long, and most visits come here.
        if parent and not self._visit(parent, ImportEdge(edge.source, parent, edge.hard, edge.conditional, edge.line)):
            return False
        return self._visit_node(node, edge)

    def _visit_node(self, node: Node, edge: ImportEdge) -> bool:
        """Reach a module whose packages were reached; return whether it is in the walk."""
        if node.name not in self._walk.nodes and not self._reach(node):
            return False
        if edge.source != node.name:
            self._walk.imports.add(edge)
        return True

    def _visit_stdlib(self, top: str) -> None:
        if top not in self._stdlib:
            self._stdlib.add(top)
            self._visit_hidden(self._context.dictionary.entry(top).hidden_imports)

    def _visit_hidden(self, names: tuple[str, ...] | list[str]) -> None:
        for pattern in names:
            for name in matching_modules(pattern, self._context.resolver):
                self._visit(name, ImportEdge(MAIN_MODULE, name))

    def _reach(self, node: Node) -> bool:
        """Add a module to the walk, unless it is to stay out; return whether it was added."""
        owner = self._context.owner(node)
        if self._stays_out(node, owner):
            return False
        self._walk.nodes[node.name] = node
        if owner is not None:
            self._walk.owners[node.name] = owner
            self._walk.imports.own(node.name, owner.name)
        if node.addons:
            self._choose_addon(node, owner)
        if node.source or (node.bytecode and self._is_readable(node, owner)):
            self._sources.submit(node)
            self._queue.append(node.name)
        if owner is not None:
            self._visit_hidden(self._members.add_distribution(owner))
        elif node.root.project:
            self._members.add_project_package(node)
        return True

    def _stays_out(self, node: Node, owner: Distribution | None) -> bool:
        if owner is not None and (
            owner.name in self._context.absent
            or self._context.installed.is_replaced(owner)
            or self._context.dictionary.entry(owner.name).excludes.matches(node.relative)
        ):
            return True
        return self._application.drops(node.name) or (node.root.project and self._application.ignores(node.file))

    def _choose_addon(self, node: Node, owner: Distribution | None) -> None:
        owner_name = owner.name if owner is not None else self._application.name
        chosen = best_fitting(node.root.directory, node.addons, self._context.target)
        if chosen is not None:
            self._walk.chosen[node.name] = chosen
        elif node.source:
            self._walk.replaced.setdefault(owner_name, []).append(node.name)
        else:
            self._walk.unfit[node.name] = owner_name

    def _is_readable(self, node: Node, owner: Distribution | None) -> bool:
        """Return whether the target can run a module without source, and record it if not."""
        fitting = has_magic(node.file, self._context.compiler.facts.magic)
        if not fitting:
            self._walk.unfit[node.name] = owner.name if owner is not None else self._application.name
        return fitting
