"""What a worker found in one module, as typed values; the only code that reads the worker's JSON (``worker.scan``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, NamedTuple

from pypkg.compile.worker import protocol

__all__ = [
    "NO_FINDINGS",
    "AssetRef",
    "Computed",
    "ComputedFile",
    "Findings",
    "Import",
    "ImportFlag",
    "ResourceRef",
    "SourceError",
    "parse_findings",
]


class ImportFlag(IntFlag):
    """The conditions under which an import runs."""

    GUARDED = protocol.GUARDED
    TYPING_ONLY = protocol.TYPING_ONLY
    CONDITIONAL = protocol.CONDITIONAL
    LAZY = protocol.LAZY
    FALLBACK = protocol.FALLBACK


# Every combination, by its number. Asking a flag for its parts is slow, and there are tens of thousands of imports.
_FLAGS: Final = tuple(ImportFlag(number) for number in range(sum(ImportFlag) + 1))
_TYPING_ONLY: Final = frozenset(flags for flags in _FLAGS if flags & ImportFlag.TYPING_ONLY)
_SURVIVES: Final = frozenset(flags for flags in _FLAGS if flags & (ImportFlag.GUARDED | ImportFlag.FALLBACK))
_CONDITIONAL: Final = frozenset(flags for flags in _FLAGS if flags & ImportFlag.CONDITIONAL)
_LAZY: Final = frozenset(flags for flags in _FLAGS if flags & ImportFlag.LAZY)


class Import(NamedTuple):
    """One import of a module, or of names from it.

    Attributes:
        name: dotted name as written; empty in ``from . import x``. A ``*`` in it stands for what is computed.
        level: number of leading dots.
        flags: the conditions under which it runs.
        line: its line, from 1.
        names: names imported from the module; each may be a submodule.
    """

    name: str
    level: int
    flags: ImportFlag
    line: int
    names: tuple[str, ...]

    @property
    def typing_only(self) -> bool:
        """Whether only type checkers run it."""
        return self.flags in _TYPING_ONLY

    @property
    def hard(self) -> bool:
        """Whether the importer fails without the module: no handler catches the failure."""
        return self.flags not in _SURVIVES

    @property
    def conditional(self) -> bool:
        """Whether it runs only if some condition holds."""
        return self.flags in _CONDITIONAL

    @property
    def lazy(self) -> bool:
        """Whether it runs later than its module: in a function that is called, or lazily, when its name is used."""
        return self.flags in _LAZY


class AssetRef(NamedTuple):
    """A reference to a file by a path relative to the module's own file.

    Attributes:
        parents: how many times the parent directory is taken first.
        parts: names appended to that directory; they may have wildcards, ``**`` stands for any directories.
        line: its line, from 1.
    """

    parents: int
    parts: tuple[str, ...]
    line: int

    @property
    def wild(self) -> bool:
        """Whether a part has wildcards."""
        return any("*" in part for part in self.parts)


class ResourceRef(NamedTuple):
    """A reference to a file in a package.

    Attributes:
        package: dotted name; ``__name__`` or ``__package__`` for the module's own package.
        parts: names below the package's directory.
        line: its line, from 1.
    """

    package: str
    parts: tuple[str, ...]
    line: int

    @property
    def own_package(self) -> bool:
        """Whether the package is that of the module itself."""
        return self.package in ("__name__", "__package__")


class ComputedFile(NamedTuple):
    """A file with a computed name in a directory above the module's own file.

    Attributes:
        parents: how many times the parent directory is taken.
        line: its line, from 1.
        text: the expression.
    """

    parents: int
    line: int
    text: str


class Computed(NamedTuple):
    """An import of a computed name, or a computed group: its line, from 1, and its source text."""

    line: int
    text: str


class SourceError(NamedTuple):
    """Why a module does not compile; ``line`` is 0 when unknown."""

    message: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What one module refers to.

    Attributes:
        imports: in source order.
        dynamic: imports of computed names, in source order.
        assets: files referred to relative to the module's file; only of the project's own modules.
        mentions: what may be files beside the module, named in calls and class attributes; as ``assets``.
        resources: files referred to in packages; only of the project's own modules.
        computed: files beside the module with computed names; only of the project's own modules.
        groups: entry-point groups that are looked up, sorted.
        computed_groups: where a group is computed, in source order.
        possible_groups: texts of such a module that may be the names of groups, sorted.
        metadata: distributions whose metadata is looked up, sorted, as written.
        names: texts that may be dotted names of modules, or of something in one; only of the project's own modules.
        local_names: texts that may name modules of the module's own package, where it imports some by computed names.
        stub: whether its names are those of the stub beside it, which are imported when they are used.
        error: set when the module does not compile; everything else is empty then.
    """

    imports: tuple[Import, ...] = ()
    dynamic: tuple[Computed, ...] = ()
    assets: tuple[AssetRef, ...] = ()
    mentions: tuple[AssetRef, ...] = ()
    resources: tuple[ResourceRef, ...] = ()
    computed: tuple[ComputedFile, ...] = ()
    groups: tuple[str, ...] = ()
    computed_groups: tuple[Computed, ...] = ()
    possible_groups: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    local_names: tuple[str, ...] = ()
    stub: bool = False
    error: SourceError | None = None


NO_FINDINGS: Final = Findings()


def parse_findings(text: str) -> Findings:
    """Read the findings of one module.

    Args:
        text: JSON as the worker writes it; empty when nothing was found.

    Raises:
        ValueError: it is not what a worker writes.
    """
    if not text:
        return NO_FINDINGS
    try:
        return _findings(json.loads(text))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not the findings of a module ({error}): {text[:200]}") from error


def _findings(value: dict[str, Any]) -> Findings:
    found: dict[str, Any] = {key: _READERS[key](item) for key, item in value.items()}
    return Findings(**found)


def _imports(items: list[list[Any]]) -> tuple[Import, ...]:
    found = []
    for name, level, flags, line, names in items:
        if not (type(name) is str and type(level) is type(flags) is type(line) is int and flags >= 0):
            raise TypeError(f"expected an import, got {[name, level, flags, line, names]}")
        found.append(Import(name, level, _FLAGS[flags], line, _texts(names) if names else ()))
    return tuple(found)


def _dynamic(items: list[list[Any]]) -> tuple[Computed, ...]:
    return tuple([Computed(_number(line), _text(text)) for line, text in items])


def _assets(items: list[list[Any]]) -> tuple[AssetRef, ...]:
    return tuple([AssetRef(_number(parents), _texts(parts), _number(line)) for parents, parts, line in items])


def _resources(items: list[list[Any]]) -> tuple[ResourceRef, ...]:
    return tuple([ResourceRef(_text(package), _texts(parts), _number(line)) for package, parts, line in items])


def _computed(items: list[list[Any]]) -> tuple[ComputedFile, ...]:
    return tuple([ComputedFile(_number(parents), _number(line), _text(text)) for parents, line, text in items])


def _error(item: list[Any]) -> SourceError:
    message, line = item
    return SourceError(_text(message), _number(line))


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError(f"expected a string, got {value!r}")
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"expected a number, got {value!r}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if type(value) is not list or not _STRINGS.issuperset(map(type, value)):
        raise TypeError(f"expected a list of strings, got {value!r}")
    return tuple(value)


def _flag(value: object) -> bool:
    if value is not True:
        raise TypeError(f"expected true, got {value!r}")
    return True


_STRINGS: Final = frozenset({str})
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "imports": _imports,
    "dynamic": _dynamic,
    "assets": _assets,
    "mentions": _assets,
    "resources": _resources,
    "computed": _computed,
    "groups": _texts,
    "computed_groups": _dynamic,
    "possible_groups": _texts,
    "metadata": _texts,
    "names": _texts,
    "local_names": _texts,
    "stub": _flag,
    "error": _error,
}
