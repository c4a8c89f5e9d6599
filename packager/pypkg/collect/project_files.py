"""The project's own files in a payload: data, links, empty directories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from pypkg.collect.assets import Item, Tree, configured_assets, find_assets
from pypkg.collect.draft import Draft
from pypkg.collect.left_out import LeftOut
from pypkg.collect.links import Followed, follow_links
from pypkg.environment.fit import fits, inspected, is_library
from pypkg.graph.context import GraphContext
from pypkg.graph.walk import Walk
from pypkg_core.names import MAIN_MODULE
from pypkg_core.patterns import tree_items
from pypkg_core.targets.catalogue import catalogue

__all__ = ["ProjectFiles"]


class ProjectFiles:
    """Adds the project's own files to a draft.

    Args:
        draft: gets the files.
        context: holds the application and the target.
        walk: what was reached of the project.
    """

    def __init__(self, draft: Draft, context: GraphContext, walk: Walk) -> None:
        self._draft = draft
        self._context = context
        self._walk = walk
        self._application = context.application
        self._left_out = LeftOut(self._application.reference_file)

    def add_all(self) -> None:
        """Add what the configuration names, and the data that the project's code refers to."""
        # What is named comes first: it replaces what lies at its path.
        for item in configured_assets(self._application):
            self._add_item(item)
        for item in find_assets(self._context, self._walk, self._draft.diagnostics):
            self._add_item(item)
        self._left_out.tell(self._draft.diagnostics)

    def _add_item(self, item: Item) -> None:
        """Add a file, link or empty directory; what a link leads to is packaged."""
        tree, relative, path = item.tree, item.relative, item.path
        source = tree.directory / relative
        if item.words is None and (
            path in self._draft.files  # the configuration names it
            or path in self._imported  # to refer to a module's file does not make its text public
            or path.endswith((".pyc", ".pyo"))
            or self._application.ignores(source)
        ):
            return
        followed = follow_links(tree.directory, relative, tree.prefix, self._holds_modules(tree.prefix))
        left_out = self._find_left_out(item, followed)
        if left_out is not None:
            self._tell_reference(item)
            # Its folder stays: with an executable that was written there, or without it yet, the result is the same.
            if not followed.links and not followed.outside:
                self._draft.directories.add(f"{self._application.name}/{left_out}".rpartition("/")[0])
            return
        self._draft.links.update({f"{tree.prefix}/{link}": target for link, target in followed.links.items()})
        if followed.links:
            if followed.path is None:
                return
            path, source = f"{tree.prefix}/{followed.path}".rstrip("/"), tree.directory / followed.path
        if source.is_dir():
            # A link to a directory above it leads back to itself; it does not ask for everything there.
            if not item.path.startswith(f"{path}/"):
                real = followed.path if followed.links and followed.path is not None else relative
                self._add_folder(replace(item, relative=real, path=path, reference=None))
        elif followed.links and path in self._module_paths:
            return  # a link does not make a module's text public
        elif source.is_file():
            self._add_regular_file(source, path, item.path, configured=item.words is not None)
        elif source.is_symlink():
            text = f"is a link to {source.readlink()}, which does not exist; left out"
            self._draft.diagnostics.detail(text, file=path)

    def _find_left_out(self, item: Item, followed: Followed) -> str | None:
        """Return what is left out below the project: the file, a folder or a link; ``None`` if the file is packaged."""
        directory, words = item.tree.directory, item.words or frozenset()
        prefix = f"{item.tree.prefix}/".removeprefix(f"{self._application.name}/")
        all_named = PurePosixPath(item.relative).name in words
        found = self._left_out.find(directory, item.relative, words, prefix=prefix, all_named=False)
        for link in followed.outside:
            if found is None and not all_named and self._leads_out(item.tree, link):
                found = self._left_out.find_link(link, words, prefix=prefix)
        if found is None and followed.links and followed.path is not None:
            found = self._left_out.find(directory, followed.path, words, prefix=prefix, all_named=all_named)
        return found

    def _tell_reference(self, item: Item) -> None:
        """Warn where code refers to a file that is left out."""
        if item.reference is not None:
            self._draft.diagnostics.warning(
                f"refers to {PurePosixPath(item.relative).name}, which is left out",
                file=item.reference.file,
                line=item.reference.line,
                hint=f'if it may be read by everybody, name it: assets = ["{item.relative}"]',
            )

    def _leads_out(self, tree: Tree, link: str) -> bool:
        """Whether a link leads to something outside the project and the directory that it is packaged from."""
        real = (tree.directory / link).resolve()
        inside = (tree.directory.resolve(), self._application.root.resolve())
        return real.exists() and not any(real.is_relative_to(directory) for directory in inside)

    def _add_regular_file(self, source: Path, path: str, named: str, *, configured: bool) -> None:
        """Add a file; ``named`` is the path it was reached by, which may be a link to ``path``."""
        if is_library(path):
            if fits(source, self._context.target):
                self._draft.add_native("", path)
                if named in self._draft.links:  # libx.so.1, the name under which other libraries need libx.so.1.2
                    self._draft.add_native("", named)
            elif path not in self._draft.files and not configured:
                self._tell_left_out(source, path)
                return
        self._draft.add_data(source, path, "")

    def _tell_left_out(self, source: Path, path: str) -> None:
        """Add a detail about a library that the target cannot load; most often it is one of another target's."""
        target = self._context.target
        found = ", ".join(dict.fromkeys(binary.machine for binary in inspected(source)))
        what = f"a library for {found}" if found else "not a library of a known format"
        others = (replace(target, platform=platform, arch=arch) for platform, arch in catalogue().machines)
        who = f"{target} cannot load it" if any(fits(source, other) for other in others) else "no target can load it"
        self._draft.diagnostics.detail(f"is {what}; {who}; left out", file=path)

    def _add_folder(self, folder: Item) -> None:
        """Add a directory that is empty or that a link leads to."""
        if folder.path in self._draft.directories:
            return
        self._draft.directories.add(folder.path)
        directory = folder.tree.directory / folder.relative
        for file in tree_items(directory):
            below = file.relative_to(directory).as_posix()
            path = f"{folder.path}/{below}"
            if path not in self._module_paths:
                self._add_item(replace(folder, relative=f"{folder.relative}/{below}".lstrip("/"), path=path))

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The entry and the modules that code imports. Those that it only names by a path may be templates."""
        nodes = (node for node in self._walk.nodes.values() if node.root.project)
        return frozenset(
            node.path for node in nodes if node.name == MAIN_MODULE or self._walk.imports.is_imported(node.name)
        )

    @cached_property
    def _module_paths(self) -> frozenset[str]:
        """The files of the project's modules, below ``/snapshot``."""
        return frozenset(node.path for node in self._walk.modules().values() if node.root.project)

    @cached_property
    def _module_folders(self) -> frozenset[str]:
        """Those files and all directories above them."""
        folders = {parent.as_posix() for path in self._module_paths for parent in PurePosixPath(path).parents}
        return frozenset(folders | self._module_paths)

    def _holds_modules(self, prefix: str) -> Callable[[str], bool]:
        """Return whether modules are at, or below, a path that is relative to a directory of the snapshot."""
        return lambda relative: f"{prefix}/{relative}" in self._module_folders
