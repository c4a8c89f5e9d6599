"""Prints, as JSON, the microseconds of file calls on a directory of the snapshot and on the same real one.

Usage: files REAL. Both directories hold none.txt, gzip.txt, brotli.txt, zstd.txt (10 KB each) and a directory `many`.
"""

# ruff: noqa: PTH110, PTH116, PTH123, PTH208
import json
import os
import sys
import time
from pathlib import Path

SNAPSHOT = "/snapshot/benchmark"
ROUNDS = 15
CALLS = 200


def read_file(path):
    def call():
        with open(path, "rb") as file:
            file.read()

    return call


def read_descriptor(path):
    def call():
        descriptor = os.open(path, os.O_RDONLY)
        os.read(descriptor, 20_000)
        os.close(descriptor)

    return call


def first_reads(root):
    """Return a call that reads each file of the directory once, so that none is kept from an earlier time."""
    names = [f"{root}/once/{name}" for name in os.listdir(f"{root}/once")]

    def call():
        for name in names:
            with open(name, "rb") as file:
                file.read()

    return call, len(names)


def walk(path):
    def call():
        for _ in os.walk(path):
            pass

    return call


def pairs(real):
    for codec in ("none", "gzip", "brotli", "zstd"):
        yield f"open+read, {codec}", read_file(f"{SNAPSHOT}/{codec}.txt"), read_file(f"{real}/{codec}.txt")
    yield "os.open+os.read, none", read_descriptor(f"{SNAPSHOT}/none.txt"), read_descriptor(f"{real}/none.txt")
    for name, function in (
        ("os.stat", lambda root: lambda: os.stat(f"{root}/none.txt")),
        ("os.stat, missing", lambda root: lambda: os.path.exists(f"{root}/missing.txt")),
        ("os.listdir, 50 files", lambda root: lambda: os.listdir(f"{root}/many")),
        ("os.scandir, 50 files", lambda root: lambda: [item.is_file() for item in os.scandir(f"{root}/many")]),
        ("os.walk, 2 folders", walk),
        ("Path.read_bytes", lambda root: Path(f"{root}/none.txt").read_bytes),
    ):
        yield name, function(SNAPSHOT), function(real)


def clock(call, calls):
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6


def main():
    real = sys.argv[1]
    once, count = first_reads(SNAPSHOT)
    real_once, _ = first_reads(real)
    clock(real_once, 1)
    first = [clock(once, 1) / count, min(clock(real_once, 1) for _ in range(5)) / count]
    result = {"open+read, none, each file once": first}
    for name, ours, theirs in pairs(real):
        # They take turns, so that whatever slows the machine slows both.
        times = [(clock(ours, CALLS), clock(theirs, CALLS)) for _ in range(ROUNDS)]
        result[name] = [min(pair[0] for pair in times), min(pair[1] for pair in times)]
    print(json.dumps(result))


main()
