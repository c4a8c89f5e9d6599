"""What goes into an executable: the result of walking a project, before it becomes an image.

Paths are places below ``/snapshot`` with ``/`` between names and no leading slash (``notes/src/notes/app.py``);
nothing here but ``source`` knows where a file lies on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pypkg_core.image.layout import ModuleKind

__all__ = ["Bundle", "Collection", "File", "Module"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """One importable module.

    Attributes:
        name: dotted name; ``__main__`` is the application's entry.
        kind: see :class:`ModuleKind`.
        path: ``__file__`` below ``/snapshot``; for a namespace package its directory.
        code: normalised marshalled code object; ``None`` for namespace packages and extensions.
        source: the file it was made from; ``None`` when generated, and for namespace packages.
        owner: name of the distribution it belongs to; empty for the project itself.
        readable: the source text must stay readable (it lies in a directory that is data as much as code).
    """

    name: str
    kind: ModuleKind
    path: str
    code: bytes | None = None
    source: Path | None = None
    owner: str = ""
    readable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file that is not Python source: data, metadata, or a shared library (extension modules are here too).

    Attributes:
        path: place below ``/snapshot``.
        source: file to take the contents from, or ``None`` when ``data`` holds them.
        data: contents that were made or cleaned here.
        executable: whether the file gets execute permission.
        owner: name of the distribution it belongs to; empty for the project itself.
    """

    path: str
    source: Path | None = None
    data: bytes | None = None
    executable: bool = False
    owner: str = ""

    def read(self) -> bytes:
        """Return the contents.

        Raises:
            OSError: the source file cannot be read.
        """
        if self.data is not None:
            return self.data
        return self.source.read_bytes() if self.source is not None else b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """The shared libraries and programs of one distribution, written to the addon cache together.

    Attributes:
        name: the distribution.
        paths: places of its shared libraries and programs, sorted; each is a :class:`File` of the collection as well.
    """

    name: str
    paths: list[str]


@dataclass(kw_only=True, slots=True)
class Collection:
    """Everything of the application; the standard library is in the base already.

    Attributes:
        modules: sorted by name.
        files: sorted by path; no path is both a file and the source of a module.
        bundles: sorted by name.
        directories: places of directories that hold nothing.
        links: place of each symbolic link -> its target, as ``readlink`` is to answer it.
        search_path: ``sys.path`` of the application, absolute (``/snapshot/...``), first to last.
        licences: distribution -> licence identifier or classifier text, for disclosure and the manifest.
        warnings: what the user should look at, one line each.
        notices: what was decided for the user (addons left out or replaced), one line each.
        details: what only ``--debug`` shows.
    """

    modules: list[Module] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    search_path: list[str] = field(default_factory=list)
    licences: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
