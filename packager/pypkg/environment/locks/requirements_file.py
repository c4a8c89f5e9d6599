"""Requirements files as pip reads them (pip.pypa.io/en/stable/reference/requirements-file-format)."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypkg.environment.locks.lock import Lock, LockedPackage, Source
from pypkg_core.errors import UsageError
from pypkg_core.hashing import is_sha256

__all__ = ["RequirementsFile", "read_requirements_file"]

_COMMENT: Final = re.compile(r"(^|\s+)#.*$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_SHA256: Final = "sha256:"
# Option -> the long name that pip and uv know it by.
_INDEX: Final[Mapping[str, str]] = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--pypi-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--trusted-host",
}
_NESTED: Final[Mapping[str, str]] = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_EDITABLE: Final = ("-e", "--editable")
_NO_EFFECT: Final = ("--only-binary", "--prefer-binary")  # only wheels are taken anyhow
_FLAGS: Final = ("--no-index", "--require-hashes", "--prefer-binary")
_VCS: Final = ("git+", "hg+", "svn+", "bzr+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementsFile:
    """What a requirements file and those that it names say.

    Attributes:
        requirements: specifiers with extras and markers, in their order; without those of constraints.
        lock: what is pinned (``==``) or named by a URL, constraints too.
        index_options: for pip or uv: ``--index-url URL``, ``--extra-index-url``, ``--find-links``, ``--no-index``,
            ``--trusted-host``, each word an item.
    """

    requirements: tuple[str, ...]
    lock: Lock
    index_options: tuple[str, ...]


def read_requirements_file(path: Path) -> RequirementsFile:
    """Read a requirements file.

    Raises:
        UsageError: a file cannot be read or includes itself; a line is no requirement, or has an option that pypkg
            cannot obey; some requirements have hashes and others have none. File and line are named.
    """
    reader = _Reader()
    reader.read(path.absolute(), constraint=False, above=())
    hashed = reader.check_hashes()
    packages: dict[str, tuple[LockedPackage, ...]] = {}
    for line in reader.lines:
        entry = line.locked(reader.constrained(line.name))
        if entry is not None:
            packages[entry.name] = (*packages.get(entry.name, ()), entry)
    return RequirementsFile(
        requirements=tuple(str(line.requirement) for line in reader.lines if not line.constraint),
        lock=Lock(origin=path, packages=packages, complete=hashed),
        index_options=tuple(reader.index_options),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    place: str
    requirement: Requirement
    hashes: frozenset[str]
    constraint: bool

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def pin(self) -> str:
        """The one version that it allows, ``""`` if there may be several."""
        for item in self.requirement.specifier:
            if item.operator == "===" or (item.operator == "==" and not item.version.endswith(".*")):
                return item.version
        return ""

    def locked(self, more: frozenset[str]) -> LockedPackage | None:
        url = self.requirement.url
        if not self.pin and url is None:
            return None
        source: Source = "index"
        if url is not None:
            source = "vcs" if url.startswith(_VCS) else "path" if url.startswith("file:") else "url"
        marker = self.requirement.marker
        return LockedPackage(
            name=self.name,
            version=self.pin or _wheel_version(url or ""),
            hashes=self.hashes | more,
            marker=None if marker is None else str(marker),
            source=source,
            url=url,
        )


@dataclass(kw_only=True)
class _Reader:
    """Reads a file and those that it names."""

    lines: list[_Line] = field(default_factory=list)
    index_options: list[str] = field(default_factory=list)
    require_hashes: bool = False

    def read(self, path: Path, *, constraint: bool, above: tuple[Path, ...]) -> None:
        if path in above:
            raise UsageError(f"Cannot read {above[-1]}: it includes {path}, which includes it")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(f"Cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"Cannot read {path}: it is not UTF-8 (byte {error.start})") from error
        for number, line in _logical_lines(text):
            place = f"{path}:{number}"
            expanded = _VARIABLE.sub(lambda found: os.environ.get(found[1]) or found[0], line)
            if expanded.startswith("-"):
                self._options(expanded, place, path, constraint=constraint, above=(*above, path))
            else:
                self._requirement(expanded, place, path, constraint=constraint)

    def _options(self, line: str, place: str, path: Path, *, constraint: bool, above: tuple[Path, ...]) -> None:
        words = _words(line, place)
        while words:
            name, value = _option(words, place)
            if name in _INDEX:
                self.index_options += [
                    _INDEX[name],
                    _location(value, path) if name in ("-f", "--find-links") else value,
                ]
            elif name in _NESTED:
                if "://" in value:
                    raise UsageError(f"{place}: expected a file, got {value}", hint="Download it and name the file")
                self.read(path.parent / value, constraint=constraint or _NESTED[name] == "-c", above=above)
            elif name in _EDITABLE:
                if (path.parent / value).resolve() != path.parent.resolve():
                    raise UsageError(
                        f"{place}: expected a name with a version or URL, got {name} {value}",
                        hint="Write NAME @ URL, or install it into the environment and name that with --python",
                    )
            elif name == "--no-index":
                self.index_options.append(name)
            elif name == "--require-hashes":
                self.require_hashes = True
            elif name not in _NO_EFFECT:
                known = ", ".join(sorted({*_INDEX.values(), *_NESTED, "--no-index", "--require-hashes"}))
                raise UsageError(f"{place}: the option {name} cannot be used here", hint=f"Known options: {known}")

    def _requirement(self, line: str, place: str, path: Path, *, constraint: bool) -> None:
        text, _, options = line.partition(" --")
        words = _words(f"--{options}", place) if options else []
        hashes = set()
        while words:
            name, value = _option(words, place)
            if name != "--hash":
                raise UsageError(f"{place}: the option {name} cannot be used here", hint="Known options: --hash")
            algorithm, _, digest = value.partition(":")
            if algorithm == "sha256" and not is_sha256(digest.lower()):
                raise UsageError(f"{place}: --hash: expected sha256: and 64 hexadecimal digits, got {value!r}")
            if algorithm != "sha256":
                raise UsageError(f"{place}: --hash: expected sha256:..., got {value!r}", hint="Lock again with sha256")
            hashes.add(digest.lower())
        requirement = _parsed(text.strip(), place, path)
        if requirement is not None:
            self.lines.append(
                _Line(place=place, requirement=requirement, hashes=frozenset(hashes), constraint=constraint)
            )

    def constrained(self, name: str) -> frozenset[str]:
        """Return the hashes that constraints give a distribution."""
        return frozenset().union(*(line.hashes for line in self.lines if line.constraint and line.name == name))

    def check_hashes(self) -> bool:
        """Return whether requirements have hashes; by pip's rule, if one has, all have them and are exact."""
        wanted = [
            replace(line, hashes=line.hashes | self.constrained(line.name))
            for line in self.lines
            if not line.constraint
        ]
        first = next((line for line in wanted if line.hashes), None)
        if first is None and not self.require_hashes:
            return False
        why = "--require-hashes is given" if first is None or self.require_hashes else f"{first.place} has one"
        for line in wanted:
            if not line.hashes:
                raise UsageError(
                    f"{line.place}: {line.requirement} has no --hash, but {why}",
                    hint="Give every requirement its hashes, such as `pip-compile --generate-hashes` does",
                )
            if not line.pin and line.requirement.url is None:
                raise UsageError(f"{line.place}: expected an exact version (==) with --hash, got {line.requirement}")
        return True


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines without comments, joined where they end with a backslash, with the number of the first."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        start = start if parts else number
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        parts.append(f" {line}" if is_comment else line)  # a comment ends a continued line
        joined = _COMMENT.sub("", "".join(parts)).strip()
        parts = []
        if joined:
            yield start, joined


def _words(text: str, place: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from error


def _option(words: list[str], place: str) -> tuple[str, str]:
    """Take an option and its value, ``""`` for a flag, from the front of a line."""
    name, equals, value = words.pop(0).partition("=")
    if not name.startswith("-"):
        raise UsageError(f"{place}: expected an option, got {name!r}")
    if not name.startswith("--") and len(name) > 2:  # -rother.txt
        name, equals, value = name[:2], "=", name[2:] + equals + value
    if name in _FLAGS:
        return name, ""
    if not equals and words and not words[0].startswith("-"):
        value = words.pop(0)
    if not value and name in (*_INDEX, *_NESTED, *_EDITABLE, "--hash"):
        raise UsageError(f"{place}: {name} needs a value")
    return name, value


def _parsed(text: str, place: str, path: Path) -> Requirement | None:
    """Return a requirement, ``None`` for the file's own directory."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        problem = str(error).splitlines()[0]
    wheel, _, marker = text.partition(" ;")
    name = unquote(urlsplit(wheel).path).rpartition("/")[2]
    if name.endswith(".whl"):
        try:
            distribution = parse_wheel_filename(name)[0]
        except InvalidWheelFilename as error:
            raise UsageError(f"{place}: {error}") from error
        url = wheel if "://" in wheel else (path.parent / wheel).absolute().as_uri()
        return Requirement(f"{distribution} @ {url}" + (f" ; {marker}" if marker else ""))
    if (path.parent / text).is_dir() and (path.parent / text).resolve() == path.parent.resolve():
        return None
    raise UsageError(f"{place}: expected a requirement, got {text!r}: {problem}", hint="Paths are written NAME @ URL")


def _wheel_version(url: str) -> str:
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    try:
        return str(parse_wheel_filename(name)[1])
    except InvalidWheelFilename:
        return ""


def _location(value: str, path: Path) -> str:
    """Return where links are found; as for pip, a path is relative to the file if it exists there."""
    return str(path.parent / value) if "://" not in value and (path.parent / value).exists() else value
