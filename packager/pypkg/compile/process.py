"""One worker process: the ``worker`` program on an interpreter of the target's Python version."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from pypkg_core.errors import PypkgError
from pypkg_core.targets.platforms import Platform

__all__ = ["WORKER", "Facts", "WorkerProcess", "read_exactly", "receive", "start_worker"]

WORKER: Final = Path(__file__).parent / "worker" / "main.py"
_HELLO_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an interpreter reports about itself.

    Attributes:
        version: ``(3, 13, 5)``.
        magic: magic number of its bytecode, in hexadecimal.
        builtins: modules linked into it.
    """

    version: tuple[int, int, int]
    magic: str
    builtins: frozenset[str]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Facts:
        """Read the worker's hello.

        Raises:
            KeyError, TypeError, ValueError: it is malformed.
        """
        major, minor, micro = (int(number) for number in value["version"])
        return cls(version=(major, minor, micro), magic=str(value["magic"]), builtins=frozenset(value["builtins"]))

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` reads."""
        return {"version": self.version, "magic": self.magic, "builtins": sorted(self.builtins)}


class WorkerProcess:
    """A running worker whose hello has been read.

    Args:
        process: with pipes for standard input and output.
        facts: its hello.
        errors: where its standard error goes.
    """

    def __init__(self, process: subprocess.Popen[bytes], facts: Facts, errors: BinaryIO) -> None:
        self.process = process
        self.facts = facts
        self._errors = errors

    def message(self) -> str:
        """Return the last line it wrote to standard error."""
        return _last_line(self._errors)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        _stop(self.process, self._errors)


def start_worker(python: Path, *, platform: Platform, optimize: int) -> WorkerProcess:
    """Start a worker and read its hello.

    Args:
        python: interpreter or base to run it on.
        platform: the target's.
        optimize: optimisation level of the bytecode.

    Raises:
        PypkgError: it does not start, or does not answer within 30 seconds.
    """
    # Without PYTHON*: a base ignores them, and other interpreters must behave the same. The hash seed does not matter:
    # since 3.11, marshal writes sets in an order that does not depend on it.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
    try:
        process = subprocess.Popen(
            [str(python), "-I", "-S", str(WORKER), platform.sys_platform, platform.os_name, str(optimize)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
    except OSError as error:
        errors.close()
        raise PypkgError(f"Cannot start the compile worker on {python}: {error.strerror}") from error
    timer = threading.Timer(_HELLO_SECONDS, process.kill)
    timer.start()
    try:
        facts = Facts.from_json(receive(process.stdout))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        message = _last_line(errors)
        _stop(process, errors)
        raise PypkgError(
            f"Cannot start the compile worker on {python}: it did not answer", context={"message": message}
        ) from error
    finally:
        timer.cancel()
    return WorkerProcess(process, facts, errors)


def receive(stream: Any) -> dict[str, Any]:
    """Read the header of a message, see ``worker.main``.

    Raises:
        EOFError: the stream ended.
        TypeError, ValueError: it is malformed.
    """
    size = int.from_bytes(read_exactly(stream, 4), "little")
    header = json.loads(read_exactly(stream, size))
    if not isinstance(header, dict):
        raise TypeError("not a header")
    return header


def read_exactly(stream: Any, size: int) -> bytes:
    """Read ``size`` bytes.

    Raises:
        EOFError: the stream ended.
    """
    data: bytes = stream.read(size)
    if len(data) != size:
        raise EOFError(f"expected {size} bytes, got {len(data)}")
    return data


def _last_line(errors: BinaryIO) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


def _stop(process: subprocess.Popen[bytes], errors: BinaryIO) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, errors):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # unsent bytes of a worker that died
                continue
