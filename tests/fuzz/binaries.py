"""Fuzz the parsers of executables: ``python tests/fuzz/binaries.py --minutes 10``.

Input ``number`` of a file in ``tests/unit/core/binaries/fixtures`` is always the same mutation of it, so that a finding
is reported as a name and a number; ``--first NUMBER --inputs 1 NAME`` runs it again, and ``--write FILE`` keeps it. A
finding is another exception than `PypkgError`, more than a second or, where the system can limit it, more than a
gigabyte of memory. A hang ends the run with a traceback and the name and number.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pypkg_core.binaries import FORMATS, find_format
from pypkg_core.binaries.elf.arm import arm_attributes
from pypkg_core.errors import PypkgError
from pypkg_core.image import Pieces
from unit.core.binaries.fixture_files import all_fixtures

try:
    import resource
except ImportError:  # not a POSIX system
    resource = None  # type: ignore[assignment]

_SECONDS = 1.0
_HANG_SECONDS = 30
_MEMORY = 1 << 30  # bytes
_NUMBERS = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, (1 << 63) - 1)
_NUMBERS_64 = (*_NUMBERS, (1 << 64) - 1, (1 << 64) - 16)
_HEADERS = 512  # bytes at the beginning that are changed more often than others

Mutation = Callable[[random.Random, bytearray], None]


def mutate(name: str, data: bytes, number: int) -> bytes:
    """Return mutation ``number`` of a file."""
    chance = random.Random(f"{name} {number}")  # noqa: S311 (not for secrets)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4, 16))):
        if changed:
            chance.choice(_MUTATIONS)(chance, changed)
    return bytes(changed)


def _offset(chance: random.Random, data: bytearray) -> int:
    """Return an offset: in the headers, near bytes that are not zero, or anywhere."""
    kind = chance.randrange(4)
    if kind < 2:
        return chance.randrange(min(len(data), _HEADERS))
    offset = chance.randrange(len(data))
    if kind == 2:
        while offset + 1 < len(data) and not data[offset]:
            offset += 1
    return offset


def _set_byte(chance: random.Random, data: bytearray) -> None:
    data[_offset(chance, data)] = chance.randrange(256)


def _flip_bit(chance: random.Random, data: bytearray) -> None:
    data[_offset(chance, data)] ^= 1 << chance.randrange(8)


def _set_number(chance: random.Random, data: bytearray) -> None:
    size = chance.choice((1, 2, 4, 4, 8))
    offset = _offset(chance, data) & ~(size - 1)
    value = chance.choice((*_NUMBERS_64, len(data), len(data) - 1, offset, offset + size)) & ((1 << 8 * size) - 1)
    data[offset : offset + size] = value.to_bytes(size, "little")


def _add(chance: random.Random, data: bytearray) -> None:
    offset = _offset(chance, data) & ~3
    value = int.from_bytes(data[offset : offset + 4], "little") + chance.choice((-16, -8, -4, -1, 1, 4, 8, 16, 4096))
    data[offset : offset + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")


def _copy(chance: random.Random, data: bytearray) -> None:
    size = chance.choice((4, 8, 16, 24, 40, 64, 512))
    source, target = _offset(chance, data), _offset(chance, data)
    piece = data[source : source + size]
    data[target : target + len(piece)] = piece


def _truncate(chance: random.Random, data: bytearray) -> None:
    del data[_offset(chance, data) :]


def _remove(chance: random.Random, data: bytearray) -> None:
    offset = _offset(chance, data)
    del data[offset : offset + chance.choice((1, 4, 8, 64))]


def _fill(chance: random.Random, data: bytearray) -> None:
    offset, size = _offset(chance, data), chance.choice((4, 16, 64, 256))
    size = min(size, len(data) - offset)
    data[offset : offset + size] = bytes([chance.choice((0, 0xFF, 0x41))]) * size


_MUTATIONS: tuple[Mutation, ...] = (
    *(_set_byte, _flip_bit, _set_number, _set_number, _set_number, _add, _add, _copy),
    *(_truncate, _remove, _fill),
)


def run_one(data: bytes) -> bool:
    """Let every part of the parsers see a file; return whether one accepted it.

    Raises:
        Exception: another one than `PypkgError`: a finding.
    """
    accepted = False
    for action in (
        lambda: find_format(data, "input").inspect(data, "input"),
        lambda: arm_attributes(data, "input"),
        lambda: find_format(data, "input").locate(data, "input"),
        lambda: find_format(data, "input").plan(data, 10, "input").write(Pieces([bytes(10)]), io.BytesIO()),
    ):
        try:
            action()
            accepted = True
        except PypkgError as error:
            if "input" not in error.message:
                raise AssertionError(f"The error does not name the file: {error.message}") from error
    return accepted


def fuzz(name: str, data: bytes, numbers: range, position: int, deadline: float) -> tuple[int, int, list[str]]:
    """Run mutations of a file; return how many ran, how many were accepted, and the findings.

    Args:
        position: of an open file, which names the input that runs.
        deadline: of `time.monotonic`.
    """
    ran = accepted = 0
    findings = []
    for number in numbers:
        if time.monotonic() > deadline:
            break
        os.pwrite(position, f"{name} {number}".ljust(80).encode(), 0)
        faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
        before = time.process_time()
        try:
            accepted += run_one(mutate(name, data, number))
        except Exception:
            findings.append(f"{name} {number}: {traceback.format_exc()}")
        if time.process_time() - before > _SECONDS:
            findings.append(f"{name} {number}: took {time.process_time() - before:.1f} s")
        ran += 1
    faulthandler.cancel_dump_traceback_later()
    return ran, accepted, findings


def main() -> None:
    """Parse the command line, fuzz, report. Exit with 1 if an error was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    files = all_fixtures()
    parser.add_argument("names", nargs="*", default=sorted(files), help=f"of {', '.join(sorted(files))}")
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each file")
    parser.add_argument("--inputs", type=int, default=1000, help="inputs of each file in one round")
    parser.add_argument("--minutes", type=float, help="run rounds for so long; without it, one round")
    parser.add_argument("--write", type=Path, help="write the first input to a file and do not run it")
    arguments = parser.parse_args()
    if arguments.write:
        name = arguments.names[0]
        arguments.write.write_bytes(mutate(name, files[name], arguments.first))
        return
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    deadline = time.monotonic() + arguments.minutes * 60 if arguments.minutes else float("inf")
    totals = {name: [0, 0] for name in FORMATS}
    findings: list[str] = []
    with tempfile.TemporaryFile() as position:
        first = arguments.first
        while True:
            for name in arguments.names:
                found = next(key for key, value in FORMATS.items() if value.matches(files[name]))
                numbers = range(first, first + arguments.inputs)
                ran, accepted, new = fuzz(name, files[name], numbers, position.fileno(), deadline)
                totals[found][0] += ran
                totals[found][1] += accepted
                findings += new
            first += arguments.inputs
            if not arguments.minutes or time.monotonic() > deadline:
                break
    for text in findings:
        print(text)
    for name, (ran, accepted) in totals.items():
        print(f"{name}: {ran} inputs, {accepted} accepted")
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
