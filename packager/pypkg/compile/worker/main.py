"""The worker program: ``<python> -I -S main.py PLATFORM OPTIMIZE``. Standard library only.

It says hello, then answers requests on its standard input until that is closed.

    message  = u32 size of header (little-endian), header (JSON, UTF-8), blobs
    hello    = {"version": [3, 13, 5], "magic": hex, "builtins": [...], "stdlib": [...]}
    request  = {"tasks": [[path, mode, size], ...]}, then the sources, size bytes each
    response = {"results": [[found, size], ...]}, then the marshalled code objects, size bytes each

``found`` is a JSON text of its own, so that the packager can keep it without understanding it.
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
    platform, optimize = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")  # what the application's authors were told, its packager need not repeat
    gc.disable()  # syntax trees hold no cycles worth finding; collecting them costs three times their making
    sys.setrecursionlimit(20_000)
    # The neighbours are found through a package made here: this folder must not be on sys.path, where its files
    # would shadow others, and the packager's own package needs libraries that this Python does not have.
    package = types.ModuleType("pypkg_worker")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120  # pathlib is slow to import
    sys.modules["pypkg_worker"] = package
    process = importlib.import_module("pypkg_worker.scan").process

    requests, responses = sys.stdin.buffer, sys.stdout.buffer
    send(responses, hello(), [])
    while (header := receive(requests)) is not None:
        results: list[list[Any]] = []
        blobs: list[bytes] = []
        for path, mode, size in header["tasks"]:
            found, code = process(read_exactly(requests, size), path, mode, platform, optimize)
            results.append([json.dumps(found) if found else "", len(code)])
            blobs.append(code)
        send(responses, {"results": results}, blobs)


def hello() -> dict[str, Any]:
    """Return what the packager must know of this Python."""
    return {
        "version": list(sys.version_info[:3]),
        "magic": importlib.util.MAGIC_NUMBER.hex(),
        "builtins": sorted(sys.builtin_module_names),
        "stdlib": sorted(sys.stdlib_module_names),
    }


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read a header; ``None`` when the packager has closed the pipe."""
    size = stream.read(4)
    if len(size) < 4:
        return None
    header: dict[str, Any] = json.loads(read_exactly(stream, int.from_bytes(size, "little")))
    return header


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes.

    Raises:
        EOFError: the packager went away.
    """
    data = stream.read(size)
    if len(data) != size:
        raise EOFError(f"wanted {size} bytes, got {len(data)}")
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
