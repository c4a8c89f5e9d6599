"""The worker program: ``<python> -I -S main.py PLATFORM OS_NAME OPTIMIZE``. Standard library only.

It sends a hello, then answers requests from standard input until that is closed.

    message  = u32 size of header (little-endian), header (JSON, UTF-8), blobs
    hello    = {"version": [3, 13, 5], "magic": hex, "builtins": [...]}
    request  = {"tasks": [[path, mode, size], ...]}, then the sources, size bytes each
    response = {"results": [[findings, size], ...]}, then the marshalled code objects, size bytes each

``findings`` is itself JSON text, so that the packager can cache it without parsing it.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import sys
import types
import warnings
from typing import Any, BinaryIO


def main() -> None:
    """Serve requests until standard input ends."""
    names, optimize = sys.argv[1:3], int(sys.argv[3])
    warnings.simplefilter("ignore")  # compiler warnings are for the authors of a module, not for who packages it
    gc.disable()  # syntax trees contain no cycles; searching them for cycles takes three times as long as parsing
    sys.setrecursionlimit(20_000)
    # The other modules are imported through a package made here: on sys.path, this directory's files would shadow other
    # modules, and the packager's own package needs libraries that this Python does not have.
    package = types.ModuleType("pypkg_worker")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120  # pathlib is slow to import
    sys.modules["pypkg_worker"] = package
    process = importlib.import_module("pypkg_worker.scan").process
    system = importlib.import_module("pypkg_worker.conditions").System(*names)

    requests, responses = sys.stdin.buffer, sys.stdout.buffer
    send(responses, hello(), [])
    while (header := receive(requests)) is not None:
        results: list[list[Any]] = []
        blobs: list[bytes] = []
        for path, mode, size in header["tasks"]:
            findings, code = process(read_exactly(requests, size), path, mode, system, optimize)
            results.append([json.dumps(findings) if findings else "", len(code)])
            blobs.append(code)
        send(responses, {"results": results}, blobs)


def hello() -> dict[str, Any]:
    """Return what the packager must know about this Python."""
    return {
        "version": list(sys.version_info[:3]),
        "magic": importlib.util.MAGIC_NUMBER.hex(),
        "builtins": sorted(sys.builtin_module_names),
    }


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read a header; return ``None`` when the packager has closed the pipe."""
    size = stream.read(4)
    if len(size) < 4:
        return None
    header: dict[str, Any] = json.loads(read_exactly(stream, int.from_bytes(size, "little")))
    return header


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes.

    Raises:
        EOFError: the pipe was closed.
    """
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"expected {size} bytes, got {len(data)}")
    return data


def send(stream: BinaryIO, header: dict[str, Any], blobs: list[bytes]) -> None:
    """Write a message."""
    text = json.dumps(header).encode()
    stream.write(len(text).to_bytes(4, "little") + text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


if __name__ == "__main__":
    main()
