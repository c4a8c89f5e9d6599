"""The cache of wheels: which wheel was chosen for a question, and the wheels themselves, unpacked, by hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pypkg.environment.wheel_file import unpack
from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256, is_sha256

__all__ = ["Absent", "Choice", "WheelCache"]

# An answer that there is no wheel: one may be published later.
_ABSENT_SECONDS: Final = 7 * 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A wheel that was chosen.

    Attributes:
        name: normalised name of the distribution.
        version: its version.
        filename: the wheel's.
        url: where it came from.
        sha256: of the wheel, lower-case hexadecimal.
        yanked: whether its release was withdrawn.
    """

    name: str
    version: str
    filename: str
    url: str
    sha256: str
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """That nothing fits, and why.

    Attributes:
        reason: what pip said.
        certain: whether every index answered.
    """

    reason: str
    certain: bool = True


class WheelCache:
    """Wheels and choices in one directory.

    Args:
        directory: created when something is stored.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._unpacked = directory / "unpacked"

    def find(self, question: Mapping[str, object]) -> Choice | Absent | None:
        """Return the answer to a question, ``None`` if there is none, or its wheel is gone.

        Args:
            question: everything that the answer depends on; JSON values.
        """
        path = self._answer(question)
        try:
            found = json.loads(path.read_text("utf-8"))
            if "reason" in found:
                fresh = time.time() - path.stat().st_mtime < _ABSENT_SECONDS
                return Absent(str(found["reason"])) if fresh else None
            choice = Choice(**found)
        except (OSError, ValueError, TypeError):
            return None
        return choice if is_sha256(choice.sha256) and self.directory(choice).is_dir() else None

    def keep(self, question: Mapping[str, object], answer: Choice | Absent) -> None:
        """Store an answer, unless it is uncertain.

        Raises:
            PypkgError: the cache cannot be written.
        """
        if isinstance(answer, Absent) and not answer.certain:
            return
        path = self._answer(question)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                file.write(json.dumps(asdict(answer)).encode())
        except OSError as error:
            raise self._error(error) from error

    def forget(self, question: Mapping[str, object]) -> None:
        """Delete the answer to a question, if there is one."""
        with contextlib.suppress(OSError):
            self._answer(question).unlink()

    def directory(self, choice: Choice) -> Path:
        """Return the directory that a wheel is unpacked in: what ``sys.prefix`` is to what is installed."""
        return self._unpacked / choice.sha256

    def has(self, sha256: str) -> bool:
        """Whether a wheel is there, unpacked."""
        return (self._unpacked / sha256).is_dir()

    def add(self, wheel: Path, sha256: str) -> None:
        """Unpack a wheel, unless it is there.

        Args:
            sha256: what its hash must be.

        Raises:
            PypkgError: it has another hash, or cannot be unpacked; the cache cannot be written.
        """
        got = file_sha256(wheel)
        if got != sha256:
            raise PypkgError(
                f"Cannot use {wheel.name}: it is not the file that was chosen",
                context={"sha256 wanted": sha256, "got": got},
            )
        final = self._unpacked / sha256
        if final.is_dir():
            return
        try:
            self._unpacked.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._unpacked, prefix=".unpack-") as directory:
                fresh = Path(directory) / "wheel"
                unpack(wheel, fresh)
                try:
                    fresh.rename(final)
                except OSError:
                    if not final.is_dir():  # else another run was faster, with the same contents
                        raise
        except OSError as error:
            raise self._error(error) from error

    def _answer(self, question: Mapping[str, object]) -> Path:
        text = json.dumps(question, sort_keys=True)
        return self._directory / "choices" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"

    def _error(self, error: OSError) -> PypkgError:
        return PypkgError(
            f"Cannot store wheels in {self._directory}: {error.strerror or error}",
            hint="Set PYPKG_CACHE_PATH to a writable directory",
        )
