"""What goes into an executable, as values: the result of collecting a project, before it becomes an image.

Paths are below ``/snapshot``, with ``/`` between names and no leading slash (``notes/src/notes/app.py``). Only the
attribute ``source`` refers to a file on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pypkg.diagnostics import Diagnostics
from pypkg_core.binaries.binary import Minimum
from pypkg_core.image.layout import ModuleKind

__all__ = ["Bundle", "File", "Module", "Payload"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """One importable module.

    Attributes:
        name: dotted name; ``__main__`` is the application's entry.
        kind: see :class:`ModuleKind`.
        path: ``__file__`` below ``/snapshot``; for a namespace package its directory.
        code: normalised marshalled code object; ``None`` for namespace packages and extensions.
        source: the file it was compiled from; ``None`` when generated, and for namespace packages.
        owner: name of the distribution it belongs to; empty for the project itself.
        readable: whether its source text is always packaged, because it is in a directory of data.
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
    """One file that is not Python source: data, metadata, an extension module or another shared library.

    Attributes:
        path: below ``/snapshot``.
        source: the file with its contents, or ``None`` when ``data`` holds them.
        data: contents that were generated or cleaned.
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
    """The shared libraries and programs of one distribution, extracted to the native cache together.

    Attributes:
        name: the distribution.
        paths: of its shared libraries and programs, sorted; each is a :class:`File` or a link of the payload.
    """

    name: str
    paths: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """Everything of the application that is not in the base.

    Attributes:
        modules: sorted by name.
        files: sorted by path; no path is both a file and the source of a module.
        bundles: sorted by name.
        directories: paths of empty directories.
        links: path of each symbolic link -> its target, as ``readlink`` returns it in the executable.
        search_path: ``sys.path`` of the application, absolute (``/snapshot/...``), first to last.
        licences: distribution -> its licence as an identifier or classifier text; empty when it states none.
        free: distributions whose licence lets anyone read and pass on their source.
        minima: owner -> C library or system that its native code needs, where that is newer than the base's.
        diagnostics: warnings, notices and details about it.
    """

    modules: list[Module] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    search_path: list[str] = field(default_factory=list)
    licences: dict[str, str] = field(default_factory=dict)
    free: frozenset[str] = frozenset()
    minima: dict[str, Minimum] = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
