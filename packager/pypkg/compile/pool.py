"""The worker processes: started on the target's Python version, fed in batches, watched for crashes and hangs."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, Final

from pypkg_core.errors import PypkgError
from pypkg_core.snapshot import snapshot_path

__all__ = ["WORKER", "Answer", "Facts", "Task", "WorkerPool", "start"]

WORKER: Final = Path(__file__).parent / "worker" / "main.py"
_BATCH_BYTES: Final = 96 * 1024  # large enough to hide the pipe, small enough to spread the work evenly
_IN_FLIGHT: Final = 2  # one batch being worked on, one waiting in the pipe
_HANG_SECONDS: Final = 180
_HELLO_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an interpreter says of itself.

    Attributes:
        version: ``(3, 13, 5)``.
        magic: magic number of its bytecode, in hex.
        builtins: modules linked into it.
        stdlib: top-level names of its standard library.
    """

    version: tuple[int, int, int]
    magic: str
    builtins: frozenset[str]
    stdlib: frozenset[str]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Facts:
        """Read the worker's hello.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        major, minor, micro = (int(number) for number in value["version"])
        return cls(
            version=(major, minor, micro),
            magic=str(value["magic"]),
            builtins=frozenset(value["builtins"]),
            stdlib=frozenset(value["stdlib"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One module; ``path`` is its place below ``/snapshot``, ``mode`` as in ``worker.scan.process``."""

    path: str
    mode: int
    source: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the worker said of a task: ``found`` as JSON text (empty: nothing), and the marshalled ``code``."""

    task: Task
    found: str
    code: bytes


class Process:
    """A running worker whose hello has been read."""

    def __init__(self, process: subprocess.Popen[bytes], facts: Facts, errors: BinaryIO) -> None:
        self.process = process
        self.facts = facts
        self.errors = errors

    def message(self) -> str:
        """Return the last line it wrote to standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # unsent bytes of a worker that died
                    continue


def start(python: Path, *, platform: str, optimize: int) -> Process:
    """Start a worker and read its hello.

    Args:
        python: interpreter or base to run it on.
        platform: ``sys.platform`` of the target.
        optimize: optimisation level of the bytecode.

    Raises:
        PypkgError: it does not start or does not answer within 30 seconds.
    """
    # Without PYTHON*: a base ignores them, another interpreter must behave the same. The hash seed does not matter:
    # marshal has written sets in an order of its own since 3.11.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
    try:
        process = subprocess.Popen(
            [str(python), "-I", "-S", str(WORKER), platform, str(optimize)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
    except OSError as error:
        errors.close()
        raise PypkgError(f"Cannot start the compile worker on {python}: {error.strerror}") from error
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    timer = threading.Timer(_HELLO_SECONDS, process.kill)
    timer.start()
    worker = Process(process, Facts(version=(0, 0, 0), magic="", builtins=frozenset(), stdlib=frozenset()), errors)
    try:
        worker.facts = Facts.from_json(_receive(process.stdout))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        message = worker.message()
        worker.stop()
        raise PypkgError(
            f"Cannot start the compile worker on {python}: it gave no answer", context={"message": message}
        ) from error
    finally:
        timer.cancel()
    return worker


class WorkerPool:
    """Spreads tasks over worker processes; answers come back in any order.

    Args:
        python: interpreter the workers run on.
        platform: ``sys.platform`` of the target.
        optimize: optimisation level of the bytecode.
        count: how many processes; they are started when there is work for them.
        first: a worker that runs already.
    """

    def __init__(self, python: Path, *, platform: str, optimize: int, count: int, first: Process | None = None) -> None:
        self._python = python
        self._platform = platform
        self._optimize = optimize
        self._count = count
        self._spare = first
        self._processes: list[Process] = []
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
        """Hand over what was submitted, however little it is."""
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
                f"The compile workers on {self._python} gave no answer for {_HANG_SECONDS} s",
                hint="Try again; if it stays so, report the project as a bug of pypkg.",
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
            process = start(self._python, platform=self._platform, optimize=self._optimize)
        self._processes.append(process)
        room = threading.Semaphore(_IN_FLIGHT)
        sent: deque[list[Task]] = deque()
        for target in (self._write, self._read):
            threading.Thread(target=target, args=(process, sent, room), daemon=True).start()

    def _write(self, worker: Process, sent: deque[list[Task]], room: threading.Semaphore) -> None:
        stream = worker.process.stdin
        while True:
            room.acquire()
            batch = self._queue.get()
            if batch is None or stream is None:
                return
            sent.append(batch)
            header = {"tasks": [[snapshot_path(task.path), task.mode, len(task.source)] for task in batch]}
            text = json.dumps(header).encode()
            try:
                stream.write(len(text).to_bytes(4, "little") + text + b"".join(task.source for task in batch))
                stream.flush()
            except (OSError, ValueError):  # the reader sees the end of the stream and reports it
                return

    def _read(self, worker: Process, sent: deque[list[Task]], room: threading.Semaphore) -> None:
        stream = worker.process.stdout
        assert stream is not None  # noqa: S101  # a pipe was asked for
        try:
            while True:
                results = _receive(stream)["results"]
                batch = sent.popleft()
                self._answers.put(
                    [
                        Answer(task=task, found=found, code=_read_exactly(stream, size))
                        for task, (found, size) in zip(batch, results, strict=True)
                    ]
                )
                room.release()
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            if not self._closed:
                self._answers.put(self._crash(worker, sent))

    def _crash(self, worker: Process, sent: deque[list[Task]]) -> PypkgError:
        code = worker.process.wait()
        modules = [snapshot_path(task.path) for batch in list(sent)[:1] for task in batch]
        return PypkgError(
            f"The compile worker on {self._python} ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}",
            context={"message": worker.message(), "modules": ", ".join(modules[:5]) or "none"},
            hint="One of these modules may be what it could not compile.",
        )


def _receive(stream: Any) -> dict[str, Any]:
    size = int.from_bytes(_read_exactly(stream, 4), "little")
    header = json.loads(_read_exactly(stream, size))
    if not isinstance(header, dict):
        raise TypeError("not a header")
    return header


def _read_exactly(stream: Any, size: int) -> bytes:
    data: bytes = stream.read(size)
    if len(data) != size:
        raise EOFError(f"wanted {size} bytes, got {len(data)}")
    return data
