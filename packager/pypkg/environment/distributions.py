"""Installed distributions: their files, what they require and which plugins they register."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypkg.environment.licences import is_free
from pypkg.environment.pytest_folders import folders_of_tests
from pypkg.environment.requirements import applies, parse_requirements
from pypkg_core.targets.catalogue import catalogue

__all__ = ["Distribution", "Installed", "MetadataReader", "folder_files"]

_INFO = re.compile(r"^(?P<name>.+?)(-(?P<version>[^-]+)(-py\d.*)?)?\.(dist|egg)-info$")
# What an installer puts there is for development, or a program that starts this environment's interpreter.
_NOT_DATA: Final = ("bin", "Scripts", "include", "Include")


@dataclass(kw_only=True)
class Distribution:
    """One installed distribution.

    Attributes:
        name: normalised name (PEP 503).
        root: the directory its files are relative to (``site-packages``).
        info: its metadata directory, or a single ``.egg-info`` file, below ``info_root``; empty without metadata.
        listed: its files below ``root`` if they are known without reading ``info`` (loose packages).
        info_root: the directory ``info`` is in; differs from ``root`` for editable installs.
        prefix: ``sys.prefix`` of the environment that it is installed in; ``None`` if that is not known.
    """

    name: str
    root: Path
    info: str = ""
    listed: list[str] | None = field(default=None, repr=False)
    info_root: Path = Path()
    prefix: Path | None = None

    def __post_init__(self) -> None:
        """Use ``root`` as the default of ``info_root``."""
        if self.info_root == Path():
            self.info_root = self.root

    @cached_property
    def files(self) -> list[str]:
        """Files below ``root``, sorted: from ``RECORD``, else from disk for what ``top_level.txt`` names."""
        if self.listed is not None:
            return self.listed
        names = set(self._recorded or self._names_on_disk())
        return sorted(name for name in names if name and not name.startswith(("..", "/")))

    @cached_property
    def test_folders(self) -> frozenset[str]:
        """Its folders of tests, relative to ``root``."""
        return folders_of_tests(self.files)

    @cached_property
    def _recorded(self) -> list[str]:
        return list(_record_paths(self.text("RECORD"))) if self.listed is None else []

    @cached_property
    def outside(self) -> list[str]:
        """Files outside ``root``, below ``prefix``, that are data: ``share/man/man1/x.1``; sorted."""
        if self.prefix is None:
            return []
        found = set()
        for name in self._recorded:
            if name.startswith("../"):
                relative = os.path.relpath(os.path.normpath(self.root / name), self.prefix).replace(os.sep, "/")
                if relative.partition("/")[0] not in ("..", *_NOT_DATA) and not relative.endswith(".pyc"):
                    found.add(relative)
        return sorted(found)

    @cached_property
    def wheel_tags(self) -> list[str]:
        """The tags of the wheel that it was installed from: ``cp313-cp313-manylinux_2_17_x86_64``."""
        lines = (line.partition(":") for line in self.text("WHEEL").splitlines())
        return [value.strip() for key, _, value in lines if key == "Tag"]

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Metadata fields (the last value of a repeated one)."""
        return dict(self._message)

    @cached_property
    def _message(self) -> list[tuple[str, str]]:
        text = self.text("METADATA") or self.text("PKG-INFO")
        if not text and self.info.endswith(".egg-info"):
            text = _read(self.info_root / self.info)
        return [(key, str(value)) for key, value in HeaderParser().parsestr(text.partition("\n\n")[0]).items()]

    @property
    def version(self) -> str:
        """The version its metadata states, or ``""``."""
        return self.headers.get("Version", "")

    @property
    def licence(self) -> str:
        """Licence expression, classifier or field, the most exact one; ``""`` when its metadata states none."""
        if expression := self.headers.get("License-Expression"):
            return expression
        classifiers = [value for key, value in self._message if key == "Classifier" and value.startswith("License ::")]
        if classifiers:
            return classifiers[0].rpartition("::")[2].strip()
        return self.headers.get("License", "").split("\n")[0].strip()[:80]

    @cached_property
    def is_free(self) -> bool:
        """Whether its licence lets anyone read and pass on its source."""
        return is_free(
            expression=self.headers.get("License-Expression", ""),
            classifiers=[value for key, value in self._message if key == "Classifier"],
            field=self.headers.get("License", ""),
        )

    @cached_property
    def declared(self) -> tuple[Requirement, ...]:
        """What it requires, with markers that may hold or not."""
        found = [value for key, value in self._message if key == "Requires-Dist"]
        return tuple(parse_requirements(found or _legacy_requirements(self.text("requires.txt"))))

    def requirements(self, environment: Mapping[str, str]) -> set[str]:
        """Return the normalised names it requires without extras, its markers evaluated in ``environment``."""
        found = (requirement for requirement in self.declared if applies(requirement, environment))
        return {canonicalize_name(requirement.name) for requirement in found}

    def optional_requirements(self, environment: Mapping[str, str]) -> set[str]:
        """Return the normalised names that its extras require, its markers evaluated in ``environment``."""
        extras = [canonicalize_name(value) for key, value in self._message if key == "Provides-Extra"]
        found = (requirement for requirement in self.declared if applies(requirement, environment, extras))
        plain = self.requirements(environment)
        return {name for name in (canonicalize_name(requirement.name) for requirement in found) if name not in plain}

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether it was installed from a path, an archive or a repository and not from an index (PEP 610)."""
        return bool(self.text("direct_url.json"))

    @cached_property
    def entry_points(self) -> dict[str, list[str]]:
        """Group -> modules that its entry points name."""
        text = self.text("entry_points.txt")
        if not text:
            return {}
        parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
        try:
            parser.read_string(text)
        except ConfigError:
            return {}
        return {
            group: sorted({value.partition("[")[0].partition(":")[0].strip() for _, value in parser.items(group)})
            for group in parser.sections()
        }

    def text(self, name: str) -> str:
        """Return the text of a file in the metadata directory, ``""`` when it does not exist."""
        return _read(self.info_root / self.info / name) if self.info else ""

    def _names_on_disk(self) -> Iterator[str]:
        installed = self.text("installed-files.txt")
        if installed:
            for line in installed.splitlines():
                yield os.path.normpath(f"{self.info}/{line.strip()}").replace(os.sep, "/")
            return
        tops = self.text("top_level.txt").split() or [self.name.replace("-", "_")]
        yield from folder_files(self.root, [self.info])
        for top in tops:
            candidates = [top, *(top + suffix for suffix in (".py", *catalogue().addon_endings))]
            yield from folder_files(self.root, candidates)


def folder_files(root: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the files that ``names`` are or contain, without bytecode caches; relative to ``root``, with ``/``."""
    for name in names:
        path = root / name
        if path.is_file():
            yield name
        elif path.is_dir():
            for directory, folders, files in os.walk(path):
                folders[:] = sorted(folder for folder in folders if folder != "__pycache__")
                base = PurePosixPath(Path(directory).relative_to(root).as_posix())
                yield from (str(base / file) for file in files)


class MetadataReader:
    """Finds the distributions of directories, of each directory once: they must not change meanwhile."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, Path | None], list[Distribution]] = {}

    def read(self, root: Path, prefix: Path | None) -> list[Distribution]:
        """Return the distributions with metadata in a directory, by the names of their metadata directories."""
        found = self._known.get((root, prefix))
        if found is None:
            found = self._known[root, prefix] = list(_distributions(root, prefix))
        return found


def _distributions(root: Path, prefix: Path | None) -> Iterator[Distribution]:
    with os.scandir(root) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    for info in names:
        match = _INFO.match(info)
        if match:
            yield Distribution(name=canonicalize_name(match["name"]), root=root, info=info, prefix=prefix)


class Installed:
    """The distributions of an environment, found by file or by name.

    Args:
        paths: directories to look in, in ``sys.path`` order; the first distribution of a name wins.
        prefix: ``sys.prefix`` of their environment.
        metadata: reads the directories; one of its own if ``None``.
    """

    def __init__(
        self, paths: Iterable[Path], *, prefix: Path | None = None, metadata: MetadataReader | None = None
    ) -> None:
        self._metadata = metadata or MetadataReader()
        self.by_name: dict[str, Distribution] = {}
        self._replaced: list[Distribution] = []
        self._by_root: dict[Path, list[Distribution]] = {}
        self._owners: dict[Path, dict[str, Distribution]] = {}
        self._loose: dict[tuple[Path, str], Distribution] = {}
        for root in paths:
            self.add_root(root, prefix=prefix)

    def add_root(self, root: Path, *, prefix: Path | None = None, prefer: bool = False) -> None:
        """Read the metadata directories of one more directory; ``prefer`` lets its distributions replace others."""
        found = self._metadata.read(root, prefix)
        self._by_root.setdefault(root, []).extend(found)
        for distribution in found:
            old = self.by_name.get(distribution.name)
            if old is not None and prefer:
                self._replaced.append(old)
            if prefer or old is None:
                self.by_name[distribution.name] = distribution

    def is_replaced(self, distribution: Distribution) -> bool:
        """Whether another distribution of its name is preferred to it."""
        return any(other is distribution for other in self._replaced)

    def owner(self, root: Path, relative: str) -> Distribution:
        """Return the distribution a file below ``root`` belongs to; one is made for files that none lists."""
        owners = self._owners.get(root)
        if owners is None:
            here = reversed(self._by_root.get(root, []))
            owners = self._owners[root] = {name: distribution for distribution in here for name in distribution.files}
        found = owners.get(relative)
        if found is not None:
            return found
        top = relative.partition("/")[0]
        loose = self._loose.get((root, top))
        if loose is None:
            listed = sorted(name for name in folder_files(root, [top]) if name not in owners)
            loose = Distribution(name=canonicalize_name(top.partition(".")[0]), root=root, listed=listed)
            editable = self._editable(root, top.partition(".")[0])
            if editable is not None and all(other.name != editable.name for other in self._loose.values()):
                loose = Distribution(
                    name=editable.name, root=root, listed=listed, info=editable.info, info_root=editable.info_root
                )
            self._loose[root, top] = loose
        return loose

    def _editable(self, root: Path, top: str) -> Distribution | None:
        """Return the distribution whose editable install leads to ``root``; it lists the ``.pth`` file or finder."""
        for _, found in sorted(self.by_name.items()):
            for name in found.files:
                if "/" in name or not name.endswith((".pth", "_finder.py")):
                    continue
                text = _read(found.root / name)
                named = text.strip() == str(root) if name.endswith(".pth") else f"'{root / top}" in text
                if named:
                    return found
        return None

    def registering(self, group: str) -> list[Distribution]:
        """Return the distributions with entry points in ``group``, by name."""
        return [found for _, found in sorted(self.by_name.items()) if group in found.entry_points]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _record_paths(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith('"'):
            yield next(csv.reader([line]))[0]
        else:
            yield line.partition(",")[0]


def _legacy_requirements(text: str) -> list[str]:
    """Return the unconditional part of an egg's ``requires.txt``: the lines before the first section."""
    return [line.strip() for line in text.partition("[")[0].splitlines() if line.strip()]
