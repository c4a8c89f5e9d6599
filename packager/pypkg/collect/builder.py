"""Turn what a walk reached into modules, files and bundles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from pypkg.collect.assets import project_files
from pypkg.collect.links import follow_links
from pypkg.collect.metadata import metadata_files
from pypkg.compile.compiler import Compiler
from pypkg.environment.distributions import Distribution, Installed
from pypkg.environment.fit import fits, highest_glibc, is_library, is_program
from pypkg.graph.dictionary import Dictionary
from pypkg.graph.entry import Application
from pypkg.graph.resolver import Node, Resolver, addon_stem
from pypkg.graph.walker import Walker, in_tests
from pypkg.items import Bundle, Collection, File, Module
from pypkg_core.errors import PypkgError
from pypkg_core.image.layout import ModuleKind
from pypkg_core.names import MAIN_MODULE, has_module_name
from pypkg_core.patterns import tree_items
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.targets.catalogue import Target

__all__ = ["Contents"]

# For building and type checking, not for running.
_DEVELOPMENT: Final = re.compile(r"\.(py[coix]|px[di]|hpp|cpp|cc|pth|[hcao])$")


class Contents:
    """Builds a :class:`Collection`.

    Args:
        walker: a walk that has been run.
        application: what it started from.
        target: what the application is for.
        compiler: holds the bytecode.
        resolver: finds the packages modules lie in.
        installed: finds the project's own metadata.
        dictionary: says which files stay out or come along against the rules.
    """

    def __init__(
        self,
        walker: Walker,
        *,
        application: Application,
        target: Target,
        compiler: Compiler,
        resolver: Resolver,
        installed: Installed,
        dictionary: Dictionary,
    ) -> None:
        self._walker, self._walk = walker, walker.walk
        self._application = application
        self._target = target
        self._compiler = compiler
        self._resolver = resolver
        self._installed = installed
        self._dictionary = dictionary
        self._modules: dict[str, Module] = {}
        self._files: dict[str, File] = {}
        self._directories: set[str] = set()
        self._links: dict[str, str] = {}
        self._libraries: dict[str, list[str]] = {}
        self._notices: list[str] = []

    def build(self) -> Collection:
        """Return the collection; its ``search_path`` is left to the caller.

        Raises:
            PypkgError: a module of the project does not compile.
        """
        self._walker.submit_members()
        for distribution in self._walk.distributions.values():
            self._distribution(distribution)
        for distribution in self._walk.metadata.values():
            self._add_all(metadata_files(distribution, SITE_PACKAGES))
        self._project()
        for name, node in {**self._walk.members, **self._walk.nodes}.items():
            self._module(name, node)
        self._glibc()
        sources = {
            module.path for module in self._modules.values() if module.kind in (ModuleKind.MODULE, ModuleKind.PACKAGE)
        }
        return Collection(
            directories=sorted(self._directories),
            links=dict(sorted(self._links.items())),
            modules=[self._modules[name] for name in sorted(self._modules)],
            files=[self._files[path] for path in sorted(self._files) if path not in sources],
            bundles=self._bundles(sources),
            licences={name: found.licence for name, found in sorted(self._walk.distributions.items())},
            warnings=sorted(self._walk.warnings),
            notices=self._notices,
            details=sorted(self._walk.details),
        )

    # Modules

    def _module(self, name: str, node: Node) -> None:
        owner = self._walk.owners.get(name)
        owner_name = owner.name if owner is not None else ""
        chosen = self._walk.chosen.get(name)
        if chosen is None and node.addons and name not in self._walk.nodes:
            chosen = next((file for file in node.addons if fits(node.root.directory / file, self._target)), None)
        if chosen is not None:
            package = node.kind in (ModuleKind.PACKAGE, ModuleKind.EXTENSION_PACKAGE)
            kind = ModuleKind.EXTENSION_PACKAGE if package else ModuleKind.EXTENSION
            path = f"{node.root.prefix}/{chosen}"
            self._add(File(path=path, source=node.root.directory / chosen, executable=True, owner=owner_name))
            self._libraries.setdefault(owner_name or self._application.name, []).append(path)
            self._put(Module(name=name, kind=kind, path=path, owner=owner_name), node)
        elif node.kind is ModuleKind.NAMESPACE:
            self._put(Module(name=name, kind=ModuleKind.NAMESPACE, path=node.path), node)
        elif node.source:
            scanned = self._compiler.result(node.path, self._walker.member_mode(name))
            in_data = self._lies_in_data(node)
            if scanned.error is not None:
                self._broken(node, scanned.error, owner_name if in_data else None)
                return
            readable = in_data or node.path in self._files
            source = None if name == MAIN_MODULE and self._application.generated else node.file
            self._put(
                Module(
                    name=name,
                    kind=node.kind,
                    path=node.path,
                    code=scanned.code,
                    source=source,
                    owner=owner_name,
                    readable=readable,
                ),
                node,
            )

    def _broken(self, node: Node, error: tuple[str, int], data_of: str | None) -> None:
        """Deal with a source that does not compile and that nothing imports: a template, or a mistake."""
        message, line = error
        if data_of is not None:
            self._data(node.file, node.path, data_of)
        elif node.root.project:
            raise PypkgError(f"Cannot compile {node.file}:{line}: {message}")
        else:
            self._walk.details[f"{node.relative}:{line}: {message}; left out"] = None

    def _put(self, module: Module, node: Node) -> None:
        self._modules[module.name] = module
        parent = module.name.rpartition(".")[0]
        if parent and parent not in self._modules:
            found = self._resolver.find(parent)
            if (
                isinstance(found, Node)
                and found.kind is ModuleKind.NAMESPACE
                and found.root.project == node.root.project
            ):
                self._module(parent, found)

    def _lies_in_data(self, node: Node) -> bool:
        """Whether the module's folder is none of a package's but lies in one: templates, examples, plug-ins."""
        parent = self._resolver.find(node.name.rpartition(".")[0]) if "." in node.name else None
        if not isinstance(parent, Node) or parent.kind is not ModuleKind.NAMESPACE:
            return False
        name = parent.name.rpartition(".")[0]
        while name:
            found = self._resolver.find(name)
            if isinstance(found, Node) and found.kind is not ModuleKind.NAMESPACE:
                return True
            name = name.rpartition(".")[0]
        return False

    # Files

    def _distribution(self, distribution: Distribution) -> None:
        entry = self._dictionary.entry(distribution.name)
        if entry.log:
            self._notices.append(entry.log)
        self._add_all(metadata_files(distribution, SITE_PACKAGES))
        tests_reached = {
            relative.rpartition("/")[0]
            for name, node in self._walk.nodes.items()
            if in_tests(relative := node.relative) and self._walk.owners.get(name) is distribution
        }
        sources = {
            node.relative for name, node in self._walk.members.items() if self._walk.owners.get(name) is distribution
        }
        unloadable = []
        for relative in distribution.files:
            if relative.startswith(f"{distribution.info}/") and distribution.info:
                continue
            wanted = entry.assets.matches(relative)
            if not wanted and (
                "__pycache__/" in relative
                or _DEVELOPMENT.search(relative)
                or entry.excludes.matches(relative)
                or (in_tests(relative) and not _below(relative, tests_reached))
            ):
                continue
            if is_library(relative):
                if not self._library(distribution, relative) and not addon_stem(relative.rpartition("/")[2]):
                    unloadable.append(relative)
            elif relative not in sources and not has_module_name(relative):
                self._data(distribution.root / relative, f"{SITE_PACKAGES}/{relative}", distribution.name)
        if unloadable:
            self._notices.append(
                f"{distribution.name}: left out {unloadable[0]}"
                + (f" and {len(unloadable) - 1} more" if len(unloadable) > 1 else "")
                + f": {self._target} cannot load shared libraries that were made for another platform"
            )

    def _library(self, distribution: Distribution, relative: str) -> bool:
        """Take a shared library along if the target can load it."""
        source = distribution.root / relative
        if not fits(source, self._target):
            return False
        path = f"{SITE_PACKAGES}/{relative}"
        self._add(File(path=path, source=source, executable=True, owner=distribution.name))
        self._libraries.setdefault(distribution.name, []).append(path)
        return True

    def _data(self, source: Path, path: str, owner: str) -> None:
        try:
            mode = source.stat().st_mode
        except OSError:  # listed, but deleted since
            self._walk.details[f"{path}: is listed in RECORD but not there"] = None
            return
        executable = bool(mode & 0o100)
        self._add(File(path=path, source=source, executable=executable, owner=owner))
        if executable and not is_library(path) and is_program(source):
            self._libraries.setdefault(owner or self._application.name, []).append(path)

    def _bundles(self, sources: set[str]) -> list[Bundle]:
        """Return what is extracted together: the libraries and programs of each owner; no file is in two bundles."""
        seen: set[str] = set(sources)
        bundles = []
        for name, paths in sorted(self._libraries.items()):
            members = sorted({path for path in paths if path not in seen})
            seen.update(members)
            if members:
                bundles.append(Bundle(name=name, paths=members))
        return bundles

    def _project(self) -> None:
        name = self._application.name
        for source, path in project_files(self._application, self._walk, self._resolver):
            self._item(source, path)
        for place, source in self._application.assets.items():
            self._item(source, f"{name}/{place}", named=True)
        own = self._installed.by_name.get(canonicalize_name(name))
        if own is not None and own.name not in self._walk.distributions:
            self._add_all(metadata_files(own, SITE_PACKAGES))

    def _item(self, source: Path, path: str, *, named: bool = False) -> None:
        """Take a file, link or empty directory of the project; what a link leads to comes along.

        Args:
            named: whether the configuration names it.
        """
        name, root = self._application.name, self._application.root
        if not named and (path.endswith((".pyc", ".pyo")) or self._application.ignores(source)):
            return
        relative = path.removeprefix(f"{name}/")
        followed = follow_links(root, relative, name, self._holds_modules)
        self._links.update({f"{name}/{place}": target for place, target in followed.links.items()})
        if followed.links:
            if followed.place is None:
                return
            path, source = f"{name}/{followed.place}".rstrip("/"), root / followed.place
        if source.is_dir():
            # A link upwards, which leads to itself again, says nothing about what is to come along.
            if not f"{name}/{relative}".startswith(f"{path}/"):
                self._folder(source, path)
        elif followed.links and path in self._module_places:
            return  # its text stays out, as without the link
        elif source.is_file():
            if not named and is_library(path):
                if not fits(source, self._target):
                    return
                self._libraries.setdefault(name, []).append(path)
                if (own := f"{name}/{relative}") in self._links:  # libx.so.1, by which others know libx.so.1.2
                    self._libraries[name].append(own)
            self._data(source, path, "")
        elif source.is_symlink():
            self._walk.details[f"{path}: is a link to {source.readlink()}, where there is nothing; left out"] = None

    def _folder(self, source: Path, path: str) -> None:
        """Take a directory: empty, or led to by a link."""
        if path in self._directories:
            return
        self._directories.add(path)
        for item in tree_items(source):
            place = f"{path}/{item.relative_to(source).as_posix()}"
            if "__pycache__" not in item.parts and place not in self._module_places:
                self._item(item, place)

    @cached_property
    def _module_places(self) -> frozenset[str]:
        """The files of the project's modules, below ``/snapshot``."""
        reached = {**self._walk.members, **self._walk.nodes}
        return frozenset(node.path for node in reached.values() if node.root.project)

    @cached_property
    def _module_folders(self) -> frozenset[str]:
        """Those and all directories above them."""
        folders = {parent.as_posix() for place in self._module_places for parent in PurePosixPath(place).parents}
        return frozenset(folders | self._module_places)

    def _holds_modules(self, place: str) -> bool:
        return f"{self._application.name}/{place}" in self._module_folders

    def _glibc(self) -> None:
        """Say which distributions need a newer glibc than the base does."""
        if self._target.platform != "linux":
            return
        for name, paths in sorted(self._libraries.items()):
            files = [self._files[path] for path in set(paths) if path in self._files]  # the others are links
            sources = [file.source for file in files if file.source is not None]
            newest = max((found for source in sources if (found := highest_glibc(source))), default=None)
            if newest is not None:
                needed = ".".join(map(str, newest))
                self._notices.append(f"{name}: its native code needs glibc {needed} or newer where it runs")

    def _add(self, file: File) -> None:
        self._files.setdefault(file.path, file)

    def _add_all(self, files: Iterable[File]) -> None:
        for file in files:
            self._add(file)


def _below(relative: str, folders: set[str]) -> bool:
    return any(relative.startswith(f"{folder}/") for folder in folders)
