"""The project's own files in a payload: data, links, empty directories."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from pypkg.collect.assets import find_assets
from pypkg.collect.draft import Draft
from pypkg.collect.links import follow_links
from pypkg.environment.fit import fits, inspected, is_library
from pypkg.graph.context import GraphContext
from pypkg.graph.walk import Walk
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

    def add_all(self) -> None:
        """Add the data that the project's code refers to, and what the configuration names."""
        for source, path in find_assets(self._context, self._walk, self._draft.diagnostics):
            self._add_item(source, path)
        for relative, source in self._application.assets.items():
            self._add_item(source, f"{self._application.name}/{relative}", configured=True)

    def _add_item(self, source: Path, path: str, *, configured: bool = False) -> None:
        """Add a file, link or empty directory; what a link leads to is packaged.

        Args:
            source: on this machine.
            path: below ``/snapshot``.
            configured: whether the configuration names it, so that no rule leaves it out.
        """
        name, root = self._application.name, self._application.root
        if not configured and (path.endswith((".pyc", ".pyo")) or self._application.ignores(source)):
            return
        relative = path.removeprefix(f"{name}/")
        followed = follow_links(root, relative, name, self._holds_modules)
        self._draft.links.update({f"{name}/{link}": target for link, target in followed.links.items()})
        if followed.links:
            if followed.path is None:
                return
            path, source = f"{name}/{followed.path}".rstrip("/"), root / followed.path
        if source.is_dir():
            # A link to a directory above it leads back to itself; it does not ask for everything there.
            if not f"{name}/{relative}".startswith(f"{path}/"):
                self._add_folder(source, path)
        elif followed.links and path in self._module_paths:
            return  # a link does not make a module's text public
        elif source.is_file():
            self._add_regular_file(source, path, f"{name}/{relative}", configured=configured)
        elif source.is_symlink():
            text = f"is a link to {source.readlink()}, which does not exist; left out"
            self._draft.diagnostics.detail(text, file=path)

    def _add_regular_file(self, source: Path, path: str, named: str, *, configured: bool) -> None:
        """Add a file; ``named`` is the path it was reached by, which may be a link to ``path``."""
        if not configured and is_library(path):
            if not fits(source, self._context.target):
                self._tell_left_out(source, path)
                return
            self._draft.add_native("", path)
            if named in self._draft.links:  # libx.so.1, the name under which other libraries need libx.so.1.2
                self._draft.add_native("", named)
        self._draft.add_data(source, path, "")

    def _tell_left_out(self, source: Path, path: str) -> None:
        """Add a detail about a library that the target cannot load; most often it is one of another target's."""
        target = self._context.target
        found = ", ".join(dict.fromkeys(binary.machine for binary in inspected(source)))
        what = f"a library for {found}" if found else "not a library of a known format"
        others = (replace(target, platform=platform, arch=arch) for platform, arch in catalogue().machines)
        who = f"{target} cannot load it" if any(fits(source, other) for other in others) else "no target can load it"
        self._draft.diagnostics.detail(f"is {what}; {who}; left out", file=path)

    def _add_folder(self, source: Path, path: str) -> None:
        """Add a directory that is empty or that a link leads to."""
        if path in self._draft.directories:
            return
        self._draft.directories.add(path)
        for item in tree_items(source):
            item_path = f"{path}/{item.relative_to(source).as_posix()}"
            if "__pycache__" not in item.parts and item_path not in self._module_paths:
                self._add_item(item, item_path)

    @cached_property
    def _module_paths(self) -> frozenset[str]:
        """The files of the project's modules, below ``/snapshot``."""
        return frozenset(node.path for node in self._walk.modules().values() if node.root.project)

    @cached_property
    def _module_folders(self) -> frozenset[str]:
        """Those files and all directories above them."""
        folders = {parent.as_posix() for path in self._module_paths for parent in PurePosixPath(path).parents}
        return frozenset(folders | self._module_paths)

    def _holds_modules(self, relative: str) -> bool:
        return f"{self._application.name}/{relative}" in self._module_folders
