"""Turn sources into bytecode and findings: from the cache where possible, else from the workers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pypkg.compile.cache import CompileCache, scanner_stamp
from pypkg.compile.findings import Findings, SourceError, parse_findings
from pypkg.compile.pool import Answer, Task, WorkerPool
from pypkg.compile.process import Facts, WorkerProcess, start_worker
from pypkg_core._core import normalize_marshal
from pypkg_core.errors import PypkgError
from pypkg_core.targets.platforms import Platform

__all__ = ["CompiledModule", "Compiler"]


@dataclass(frozen=True, slots=True)
class CompiledModule:
    """What one module refers to, and its code.

    Attributes:
        findings: what it refers to, or the error when it does not compile.
        code: normalised marshalled code; empty when it does not compile.
    """

    findings: Findings
    code: bytes

    @property
    def error(self) -> SourceError | None:
        """Why the module does not compile."""
        return self.findings.error


class Compiler:
    """Compiles and scans modules for one or several targets; a context manager, because it owns processes.

    Args:
        version: the target's Python, ``(3, 13)``.
        platform: the target's.
        optimize: optimisation level of the bytecode.
        pythons: what may run the workers, best first; taken one by one until one is of the version.
        cache: directory of the compile cache, or ``None`` for no cache.
        jobs: number of workers, default one per processor, at most 8.

    Attributes:
        python: the interpreter that runs the workers.
        facts: what it reports about itself.
        files: (root, file below it, mode) of what was submitted from files -> its key, for `submit_again`.

    Raises:
        PypkgError: none of ``pythons`` is of the target's version.
    """

    def __init__(
        self,
        *,
        version: tuple[int, int],
        platform: Platform,
        pythons: Iterable[Path],
        optimize: int = 0,
        cache: Path | None = None,
        jobs: int | None = None,
    ) -> None:
        self._platform, self._optimize = platform, optimize
        self._cache = CompileCache(cache) if cache is not None else None
        # By the digest of all that an answer depends on: another wheel may have another source at the same path.
        self._compiled: dict[bytes, CompiledModule] = {}
        self._pending: set[bytes] = set()
        self._submitted: dict[tuple[str, int], bytes] = {}
        self.files: dict[tuple[Path, str, int], bytes] = {}
        try:
            self.python, self.facts, self._first = self._choose(version, pythons)
        except BaseException:
            self._close_cache()
            raise
        system = f"{platform.sys_platform} {platform.os_name} {platform.snapshot_root}"
        stamp = f"{self.facts.version} {self.facts.magic} {system} {optimize}".encode()
        self._stamp = scanner_stamp() + stamp
        self._count = jobs or min(os.cpu_count() or 1, 8)
        self._pool: WorkerPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the workers and write the cache."""
        self.rest()
        self._close_cache()

    def rest(self) -> None:
        """End the workers until there is work again; what they have not answered must be submitted again."""
        if self._pool is not None:
            self._pool.close()
        elif self._first is not None:
            self._first.stop()
        self._pool = self._first = None
        if self._pending:
            self.files = {file: key for file, key in self.files.items() if key not in self._pending}
            self._pending.clear()

    @property
    def identity(self) -> tuple[bytes, frozenset[str]]:
        """What its answers depend on besides the sources: those of a compiler with the same one are the same.

        Which of several interpreters of the same release compiles makes no difference, as in the cache.
        """
        return self._stamp, self.facts.builtins

    def _workers(self) -> WorkerPool:
        if self._pool is None:
            first, self._first = self._first, None
            self._pool = WorkerPool(
                self.python, platform=self._platform, optimize=self._optimize, count=self._count, first=first
            )
        return self._pool

    def _close_cache(self) -> None:
        if self._cache is not None:
            self._cache.close()

    def submit(self, path: str, source: bytes, mode: int) -> bytes:
        """Start work on a module, unless that was done before; it replaces what was submitted with another text.

        Returns:
            A key for :meth:`submit_again`.

        Args:
            path: its path below ``/snapshot``.
            source: its text.
            mode: ``COMPILE``, ``IMPORTS`` or ``ASSETS``, see ``worker.protocol``.
        """
        digest = hashlib.blake2b(self._stamp, digest_size=16)
        digest.update(f"\0{path}\0{mode}\0".encode())
        digest.update(source)
        key = self._submitted[path, mode] = digest.digest()
        if key in self._compiled or key in self._pending:
            return key
        known = self._cached(key)
        if known is not None:
            self._compiled[key] = known
            return key
        self._pending.add(key)
        self._workers().submit(Task(key=key, path=path, mode=mode, source=source))
        return key

    def submit_again(self, path: str, mode: int, key: bytes) -> None:
        """Submit a text that was submitted before, without reading it."""
        self._submitted[path, mode] = key

    def result(self, path: str, mode: int) -> CompiledModule:
        """Wait for a module that was submitted.

        Raises:
            PypkgError: a worker crashed, hangs or gave a malformed answer.
        """
        key = self._submitted[path, mode]
        while key not in self._compiled:
            for answer in self._workers().answers():
                self._keep(answer)
        return self._compiled[key]

    def _cached(self, key: bytes) -> CompiledModule | None:
        known = self._cache.get(key) if self._cache is not None else None
        if known is None:
            return None
        try:
            return CompiledModule(parse_findings(known[0]), known[1])
        except ValueError:
            return None

    def _keep(self, answer: Answer) -> None:
        key = answer.task.key
        code = normalize_marshal(answer.code) if answer.code else b""
        try:
            compiled = CompiledModule(parse_findings(answer.findings), code)
        except ValueError as error:
            path = self._platform.snapshot_path(answer.task.path)
            raise PypkgError(
                f"The compile worker on {self.python} gave a malformed answer for {path}: {error}",
                hint="This is a bug of pypkg; please report it",
            ) from error
        if self._cache is not None and code:
            self._cache.put(key, answer.findings, code)
        self._pending.discard(key)
        self._compiled[key] = compiled

    def _choose(self, version: tuple[int, int], pythons: Iterable[Path]) -> tuple[Path, Facts, WorkerProcess | None]:
        tried = []
        for python in pythons:
            facts = self._cache.facts(python) if self._cache is not None else None
            process = None
            if facts is None:
                try:
                    process = start_worker(python, platform=self._platform, optimize=self._optimize)
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
        series = f"{version[0]}.{version[1]}"
        raise PypkgError(
            f"Cannot compile for Python {series}: found neither a base of that version that runs on this machine"
            f" nor another Python {series}",
            hint=f"Forge a base with `pypkg-forge build py{version[0]}{version[1]}`, or install Python {series}",
            context={"tried": "; ".join(tried) or "nothing"},
        )
