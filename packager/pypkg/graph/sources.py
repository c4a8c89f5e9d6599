"""The sources of modules on their way through the compiler, each in the mode that its part in the walk needs."""

from __future__ import annotations

from pypkg.compile.compiler import CompiledModule
from pypkg.compile.worker.protocol import ASSETS, COMPILE, IMPORTS
from pypkg.graph.context import GraphContext
from pypkg.graph.resolver import Node
from pypkg.graph.walk import Walk
from pypkg_core.errors import PypkgError

__all__ = ["Sources"]


class Sources:
    """Submits modules to the compiler and waits for their results.

    Args:
        context: holds the compiler.
        walk: knows which modules are walked.
    """

    def __init__(self, context: GraphContext, walk: Walk) -> None:
        self._context = context
        self._walk = walk

    def submit(self, node: Node) -> None:
        """Start reading a module that is walked, or that may be walked later.

        Raises:
            PypkgError: its file cannot be read.
        """
        self._submit(node, _walked_mode(node))

    def submit_text(self, node: Node, source: bytes) -> None:
        """Start reading a walked module whose text is known."""
        self._context.compiler.submit(node.path, source, _walked_mode(node))

    def submit_members(self) -> None:
        """Start compiling the modules that are packaged unwalked.

        Raises:
            PypkgError: a file cannot be read.
        """
        for name, node in self._walk.members.items():
            if name not in self._walk.nodes and node.has_code and not node.root.project:
                self._submit(node, self._mode(name))

    def walked(self, node: Node) -> CompiledModule:
        """Wait for a module that was given to :meth:`submit`.

        Raises:
            PypkgError: a worker crashed or hangs.
        """
        return self._context.compiler.result(node.path, _walked_mode(node))

    def compiled(self, name: str, node: Node) -> CompiledModule:
        """Wait for any module of the walk, after :meth:`submit_members`.

        Raises:
            PypkgError: a worker crashed or hangs.
        """
        return self._context.compiler.result(node.path, self._mode(name))

    def _submit(self, node: Node, mode: int) -> None:
        submitted = self._context.compiler.files
        file = (node.root.directory, node.relative, mode)
        key = submitted.get(file)
        if key is not None:  # by an earlier walk, maybe for another target
            self._context.compiler.submit_again(node.path, mode, key)
            return
        try:
            source = node.file.read_bytes()
        except OSError as error:
            raise PypkgError(f"Cannot read {node.file}: {error.strerror}") from error
        submitted[file] = self._context.compiler.submit(node.path, source, mode)

    def _mode(self, name: str) -> int:
        """Return the mode a module is submitted in."""
        node = self._walk.nodes.get(name)
        if node is not None:
            return _walked_mode(node)
        if self._walk.members[name].root.project:
            return ASSETS
        owner = self._walk.owners.get(name)
        return IMPORTS if owner is not None and owner.name in self._walk.examined else COMPILE


def _walked_mode(node: Node) -> int:
    return ASSETS if node.root.project else IMPORTS
