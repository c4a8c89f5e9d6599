"""Unpack a wheel as an installer would (packaging.python.org/specifications/binary-distribution-format).

A wheel is a stranger's file: nothing is written outside the directory, and what is unusual is refused.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pypkg_core.errors import PypkgError

__all__ = ["SITE", "unpack"]

SITE: Final = "site-packages"
"""The directory of modules, below the one that plays the role of ``sys.prefix``."""

# What a wheel may become. The largest on the index unpack to some gigabytes, and compress to a third or less.
_LARGEST: Final = 1 << 30
_LARGEST_RATIO: Final = 64
# RECORD is read whole; this is enough for half a million files.
_LARGEST_RECORD: Final = 1 << 26
# What zipfile raises for damaged archives, and for methods of compression that it does not know.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    csv.Error,
    EOFError,
    RuntimeError,
    ValueError,
)
# Separators and drives of Windows, and characters that no name needs.
_UNUSUAL: Final = re.compile(r"\\|^[A-Za-z]:|[\x00-\x1f\x7f]")
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
_CHUNK: Final = 1 << 20
# Where an installation has its modules, for wheels that name that place in their data.
_MODULES_IN_DATA: Final = re.compile(r"(lib/python\d\.\d+|Lib)/site-packages/")


def unpack(wheel: Path, directory: Path) -> None:
    """Unpack a wheel into a new directory, which becomes what ``sys.prefix`` is to an installed distribution.

    Modules are in ``site-packages``, programs in ``bin``, headers in ``include`` and other data where the wheel says.
    ``RECORD`` lists all of them, as after an installation.

    Args:
        wheel: its file, with the name that it has in an index.
        directory: is created; when this fails, it may have some of the files.

    Raises:
        PypkgError: the wheel is damaged, or holds what an installer must not write.
        OSError: the directory cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            _Unpacking(wheel, archive, directory).run()
    except _DAMAGE as error:
        raise PypkgError(f"Cannot unpack {wheel.name}: the archive is damaged: {error}") from error


class _Unpacking:
    def __init__(self, wheel: Path, archive: zipfile.ZipFile, directory: Path) -> None:
        self._wheel, self._archive, self._directory = wheel, archive, directory
        self._members = [member for member in archive.infolist() if not member.is_dir()]
        self._written: dict[str, tuple[str, int]] = {}  # path below site-packages -> hash, size

    def run(self) -> None:
        self._check_size()
        for member in self._archive.infolist():
            self._check_member(member)
        self._info = self._find_info()
        record = self._read_record()
        (self._directory / SITE).mkdir(parents=True)
        for member in self._members:
            if member.filename != f"{self._info}/RECORD":
                self._write(member, record.get(member.filename, ("", "")))
        names = {member.filename for member in self._members}
        for name in record:
            if name not in names:
                raise self._error(name, "RECORD lists it, but it is missing")
        self._write_record()

    def _check_size(self) -> None:
        total = sum(member.file_size for member in self._members)
        allowed = _LARGEST + _LARGEST_RATIO * self._wheel.stat().st_size
        if total > allowed:
            raise PypkgError(f"Cannot unpack {self._wheel.name}: it would become {total} bytes, more than {allowed}")

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        if name != member.filename or not _is_inside(name.removesuffix("/")):
            raise self._error(name, "its name leads out of the wheel")
        if member.flag_bits & 1:
            raise self._error(name, "it is encrypted")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
            raise self._error(name, "it is neither a file nor a directory")

    def _find_info(self) -> str:
        """Return the name of the metadata directory, which must be that of the wheel's own distribution."""
        tops = {member.filename.partition("/")[0] for member in self._members}
        found = sorted(top for top in tops if top.endswith(".dist-info"))
        try:
            name, version = parse_wheel_filename(self._wheel.name)[:2]
            matching = [info for info in found if _identity(info) == (name, version)]
        except InvalidWheelFilename as error:
            raise PypkgError(f"Cannot unpack {self._wheel.name}: {error}") from error
        if len(found) != 1 or not matching:
            listed = ", ".join(found) or "none"
            raise PypkgError(
                f"Cannot unpack {self._wheel.name}: expected one directory {name}-{version}.dist-info, got {listed}"
            )
        return matching[0]

    def _read_record(self) -> Mapping[str, tuple[str, str]]:
        """Return path -> name and value of its hash; both are empty where there is none."""
        name = f"{self._info}/RECORD"
        size = next((member.file_size for member in self._members if member.filename == name), None)
        if size is None or size > _LARGEST_RECORD:
            found = "none" if size is None else f"one of {size} bytes"
            raise PypkgError(f"Cannot unpack {self._wheel.name}: expected a {name}, got {found}")
        text = self._archive.read(name).decode("utf-8")
        record: dict[str, tuple[str, str]] = {}
        for row in csv.reader(io.StringIO(text)):
            if not row:
                continue
            algorithm, _, value = row[1].partition("=") if len(row) > 1 else ("", "", "")
            if not _is_inside(row[0]):
                raise self._error(row[0], "RECORD lists it, and its name leads out of the wheel")
            if algorithm and algorithm not in _HASHES:
                raise self._error(row[0], f"RECORD has a hash that proves nothing ({algorithm})")
            if record.setdefault(row[0], (algorithm, value)) != (algorithm, value):
                raise self._error(row[0], "RECORD has two hashes of it")
        return record

    def _write(self, member: zipfile.ZipInfo, expected: tuple[str, str]) -> None:
        """Write one file, at its place, and check it on the way."""
        place = self._place(member.filename)
        path = self._directory / place
        executable = member.external_attr >> 16 & 0o111
        algorithm, value = expected
        digests = {name: hashlib.new(name) for name in {"sha256", algorithm} - {""}}
        size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._archive.open(member) as source, path.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    size += file.write(chunk)
                    for digest in digests.values():
                        digest.update(chunk)
                path.chmod(0o755 if executable else 0o644)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise self._error(member.filename, "another member has its place") from error
        if algorithm and _encoded(digests[algorithm].digest()) != value:
            raise self._error(member.filename, "its hash is not the one in RECORD")
        relative = os.path.relpath(place, SITE).replace(os.sep, "/")
        self._written[relative] = (f"sha256={_encoded(digests['sha256'].digest())}", size)

    def _place(self, name: str) -> str:
        """Return where a member goes, below the directory."""
        parts = name.split("/")
        if parts[0] != f"{self._info.removesuffix('.dist-info')}.data":
            return f"{SITE}/{name}"
        scheme, rest = parts[1] if len(parts) > 2 else "", "/".join(parts[2:])
        if scheme in ("purelib", "platlib"):
            return f"{SITE}/{rest}"
        if scheme == "scripts":
            return f"bin/{rest}"
        if scheme == "headers":
            return f"include/{self._info.partition('-')[0]}/{rest}"
        if scheme == "data":
            return _MODULES_IN_DATA.sub(f"{SITE}/", rest, count=1) if _MODULES_IN_DATA.match(rest) else rest
        raise self._error(name, "it is in no directory of data that installers know")

    def _write_record(self) -> None:
        path = self._directory / SITE / self._info / "RECORD"
        rows = [(name, *value) for name, value in sorted(self._written.items())]
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([*rows, (f"{self._info}/RECORD", "", "")])

    def _error(self, member: str, problem: str) -> PypkgError:
        return PypkgError(f"Cannot unpack {self._wheel.name}: {member!r}: {problem}")


def _is_inside(name: str) -> bool:
    """Whether a path with ``/`` stays where it is, on every system."""
    parts = name.split("/")
    return not any(part in ("", ".", "..") for part in parts) and _UNUSUAL.search(name) is None


def _identity(info: str) -> tuple[str, Version] | None:
    name, _, version = info.removesuffix(".dist-info").partition("-")
    try:
        return canonicalize_name(name), Version(version)
    except InvalidVersion:
        return None


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
