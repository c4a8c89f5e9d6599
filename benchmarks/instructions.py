"""Count the instructions of two executables from start to end, and print the ratio.

Usage: python benchmarks/instructions.py [--rounds N] BEFORE AFTER [ARGUMENT...]

Both run with the same arguments. Give two packaged programs, or two bases and a script. The count (of user space) does
not depend on what else the machine does: it shows a difference of half a percent, which times do not. Needs valgrind.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["instructions"]

COUNTER = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TERM": "dumb", "LANG": "C.UTF-8"}


def instructions(path: Path, arguments: Sequence[str], *, rounds: int) -> int:
    """Return how many instructions a program executes: of several runs, the fewest, because hashes are random.

    Raises:
        RuntimeError: it failed; the message has its output.
    """
    return min(_run([*COUNTER, str(path), *arguments]) for _ in range(rounds))


def _run(line: Sequence[str]) -> int:
    done = subprocess.run(line, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    # A line of each process; the program's own is the last one that ends.
    found = re.findall(r"^==\d+== Collected : (\d+)", done.stderr, re.MULTILINE)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"{' '.join(line)} failed:\n{done.stdout}{done.stderr}")
    return int(found[-1])


def main() -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the fewest instructions count")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    before, after = (
        instructions(path.absolute(), given.arguments, rounds=given.rounds) for path in (given.before, given.after)
    )
    print(f"{before:,} -> {after:,} instructions, {100 * (after / before - 1):+.2f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
