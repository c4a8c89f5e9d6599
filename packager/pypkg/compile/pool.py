"""The pool of worker processes: fed in batches, watched for crashes and hangs."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from pypkg.compile.process import WorkerProcess, read_exactly, receive, start_worker
from pypkg_core.errors import PypkgError
from pypkg_core.targets.platforms import Platform

__all__ = ["Answer", "Task", "WorkerPool"]

_BATCH_BYTES: Final = 96 * 1024  # large enough to hide the pipe, small enough to spread the work evenly
_IN_FLIGHT: Final = 2  # one batch in work, one waiting in the pipe
_HANG_SECONDS: Final = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One module to read.

    Attributes:
        key: what the answer is kept by.
        path: its path below ``/snapshot``.
        mode: ``COMPILE``, ``IMPORTS`` or ``ASSETS``, see ``worker.protocol``.
        source: its text.
    """

    key: bytes
    path: str
    mode: int
    source: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A worker's answer to a task.

    Attributes:
        findings: JSON text, empty when nothing was found.
        code: the marshalled code, empty when the source does not compile.
    """

    task: Task
    findings: str
    code: bytes


class WorkerPool:
    """Spreads tasks over worker processes; answers arrive in any order.

    Args:
        python: interpreter the workers run on.
        platform: the target's.
        optimize: optimisation level of the bytecode.
        count: the largest number of processes; each is started when there is work for it.
        first: a worker that is running already.
    """

    def __init__(
        self, python: Path, *, platform: Platform, optimize: int, count: int, first: WorkerProcess | None = None
    ) -> None:
        self._python = python
        self._platform = platform
        self._optimize = optimize
        self._count = count
        self._spare = first
        self._processes: list[WorkerProcess] = []
        self._batch: list[Task] = []
        self._batch_bytes = 0
        self._queue: SimpleQueue[list[Task] | None] = SimpleQueue()
        self._answers: SimpleQueue[list[Answer] | PypkgError] = SimpleQueue()
        self._closed = False

    def submit(self, task: Task) -> None:
        """Queue one module."""
        self._batch.append(task)
        self._batch_bytes += len(task.source) + 2048
        if self._batch_bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand over everything submitted so far."""
        if self._batch:
            self._queue.put(self._batch)
            self._batch, self._batch_bytes = [], 0
            if len(self._processes) < self._count:
                self._start()

    def answers(self) -> list[Answer]:
        """Wait for the next batch of answers.

        Raises:
            PypkgError: a worker crashed or hangs.
        """
        self.flush()
        try:
            answer = self._answers.get(timeout=_HANG_SECONDS)
        except Empty:
            raise PypkgError(
                f"The compile workers on {self._python} did not answer for {_HANG_SECONDS} s",
                hint="Run again; if it happens again, report it as a bug of pypkg",
            ) from None
        if isinstance(answer, PypkgError):
            raise answer
        return answer

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        for _ in self._processes:
            self._queue.put(None)
        for process in [*self._processes, *([self._spare] if self._spare else [])]:
            process.stop()
        self._processes, self._spare = [], None

    def _start(self) -> None:
        process, self._spare = self._spare, None
        if process is None:
            process = start_worker(self._python, platform=self._platform, optimize=self._optimize)
        self._processes.append(process)
        room = threading.Semaphore(_IN_FLIGHT)
        sent: deque[list[Task]] = deque()
        for target in (self._write, self._read):
            threading.Thread(target=target, args=(process, sent, room), daemon=True).start()

    def _write(self, worker: WorkerProcess, sent: deque[list[Task]], room: threading.Semaphore) -> None:
        stream = worker.process.stdin
        while True:
            room.acquire()
            batch = self._queue.get()
            if batch is None or stream is None:
                return
            sent.append(batch)
            header = {
                "tasks": [[self._platform.snapshot_path(task.path), task.mode, len(task.source)] for task in batch]
            }
            text = json.dumps(header).encode()
            try:
                stream.write(len(text).to_bytes(4, "little") + text + b"".join(task.source for task in batch))
                stream.flush()
            except (OSError, ValueError):  # the reader sees the end of the stream and reports it
                return

    def _read(self, worker: WorkerProcess, sent: deque[list[Task]], room: threading.Semaphore) -> None:
        stream = worker.process.stdout
        try:
            while True:
                results = receive(stream)["results"]
                batch = sent.popleft()
                self._answers.put(
                    [
                        Answer(task=task, findings=findings, code=read_exactly(stream, size))
                        for task, (findings, size) in zip(batch, results, strict=True)
                    ]
                )
                room.release()
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            if not self._closed:
                self._answers.put(self._crash(worker, sent))

    def _crash(self, worker: WorkerProcess, sent: deque[list[Task]]) -> PypkgError:
        code = worker.process.wait()
        modules = [self._platform.snapshot_path(task.path) for batch in list(sent)[:1] for task in batch]
        return PypkgError(
            f"The compile worker on {self._python} ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}",
            context={"message": worker.message(), "modules": ", ".join(modules[:5]) or "none"},
            hint="Compiling one of these modules may have caused it",
        )
