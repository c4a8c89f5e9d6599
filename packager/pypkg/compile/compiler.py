"""Turn sources into bytecode and findings: from the cache where possible, else from the workers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pypkg.compile.cache import CompiledCache, scanner_stamp
from pypkg.compile.pool import Answer, Facts, Process, Task, WorkerPool, start
from pypkg_core._core import normalize_marshal
from pypkg_core.errors import PypkgError

__all__ = ["ASSETS", "COMPILE", "IMPORTS", "Compiler", "Scanned", "candidates"]

COMPILE: Final = 0  # modes of worker.scan.process
IMPORTS: Final = 1
ASSETS: Final = 2


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one module refers to, and its code.

    Attributes:
        found: see ``worker.scan.Scan.result``; ``error`` when it does not compile.
        code: normalised marshalled code.
    """

    found: dict[str, Any]
    code: bytes

    @property
    def error(self) -> tuple[str, int] | None:
        """Message and line of a source that does not compile."""
        error = self.found.get("error")
        return (str(error[0]), int(error[1])) if error else None


def candidates(version: str, base: Path | None, environment: Path) -> list[Path]:
    """Return what may run the workers, best first: the base, then interpreters that are likely of that version.

    Args:
        version: ``3.13``.
        base: a base of this version; it may be for another machine.
        environment: interpreter of the project's environment.
    """
    found = [base] if base is not None else []
    found += [Path(sys.executable), environment]
    found += [Path(place) for name in (f"python{version}", f"python{version}.exe") if (place := shutil.which(name))]
    return list(dict.fromkeys(path.absolute() for path in found))


class Compiler:
    """Compiles and scans modules for one target; a context manager, because it owns processes.

    Args:
        version: the target's Python, ``(3, 13)``.
        platform: ``sys.platform`` of the target.
        optimize: optimisation level of the bytecode.
        pythons: what may run the workers, best first.
        cache: directory of the bytecode cache, or ``None`` for no cache.
        jobs: how many workers.

    Raises:
        PypkgError: none of ``pythons`` is of the target's version.
    """

    def __init__(
        self,
        *,
        version: tuple[int, int],
        platform: str,
        pythons: Iterable[Path],
        optimize: int = 0,
        cache: Path | None = None,
        jobs: int | None = None,
    ) -> None:
        self._platform, self._optimize = platform, optimize
        self._cache = CompiledCache(cache) if cache is not None else None
        self._answers: dict[tuple[str, int], Scanned] = {}
        self._pending: dict[tuple[str, int], bytes] = {}
        python, self.facts, first = self._choose(version, pythons)
        stamp = f"{self.facts.version} {self.facts.magic} {platform} {optimize}".encode()
        self._stamp = scanner_stamp() + stamp
        count = jobs or min(os.cpu_count() or 1, 8)
        self._pool = WorkerPool(python, platform=platform, optimize=optimize, count=count, first=first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        if self._cache is not None:
            self._cache.close()

    def submit(self, path: str, source: bytes, mode: int) -> None:
        """Start work on a module, unless it is known or under way.

        Args:
            path: its place below ``/snapshot``.
            source: its text.
            mode: ``COMPILE``, ``IMPORTS`` or ``ASSETS``.
        """
        key = (path, mode)
        if key in self._answers or key in self._pending:
            return
        digest = hashlib.blake2b(self._stamp, digest_size=16)
        digest.update(f"\0{path}\0{mode}\0".encode())
        digest.update(source)
        known = self._cache.get(digest.digest()) if self._cache is not None else None
        if known is not None:
            self._answers[key] = Scanned(_findings(known[0]), known[1])
            return
        self._pending[key] = digest.digest()
        self._pool.submit(Task(path=path, mode=mode, source=source))

    def result(self, path: str, mode: int) -> Scanned:
        """Wait for a module that was submitted.

        Raises:
            PypkgError: a worker crashed or hangs.
        """
        key = (path, mode)
        while key not in self._answers:
            for answer in self._pool.answers():
                self._keep(answer)
        return self._answers[key]

    def _keep(self, answer: Answer) -> None:
        key = (answer.task.path, answer.task.mode)
        code = normalize_marshal(answer.code) if answer.code else b""
        if self._cache is not None and code:
            self._cache.put(self._pending[key], answer.found, code)
        self._pending.pop(key, None)
        self._answers[key] = Scanned(_findings(answer.found), code)

    def _choose(self, version: tuple[int, int], pythons: Iterable[Path]) -> tuple[Path, Facts, Process | None]:
        tried = []
        for python in pythons:
            facts = self._cache.facts(python) if self._cache is not None else None
            process = None
            if facts is None:
                try:
                    process = start(python, platform=self._platform, optimize=self._optimize)
                except PypkgError as error:
                    tried.append(f"{python}: {error.message}")
                    continue
                facts = process.facts
                if self._cache is not None:
                    self._cache.put_facts(python, facts)
            if facts.version[:2] == version:
                return python, facts, process
            if process is not None:
                process.stop()
            tried.append(f"{python}: it is Python {'.'.join(map(str, facts.version))}")
        wanted = f"{version[0]}.{version[1]}"
        if self._cache is not None:
            self._cache.close()
        raise PypkgError(
            f"Cannot compile for Python {wanted}: there is neither a base of that version that runs here"
            f" nor another Python {wanted}",
            hint=f"Forge one with `pypkg-forge build py{version[0]}{version[1]}`, or install Python {wanted}.",
            context={"tried": "; ".join(tried)},
        )


def _findings(text: str) -> dict[str, Any]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {}
