"""Compare interpreters: programs of pyperformance and micro-benchmarks.

Usage: python benchmarks/interpreter.py [--quick] [--json FILE] [--write FILE] (--against PEER | --build-peer VERSION)
                                        INTERPRETER...

An interpreter is a target, whose base is taken from the cache ("py313-linux-x64"), a command or path ("python3.11"), or
either with a name for the table ("before=/tmp/base"). A peer can be compiled from a pinned archive with
`--build-peer 3.13.15`: with gcc and `configure --enable-optimizations --with-lto`, which takes long, but only once.

Each workload runs in a process of its own, and the interpreters take turns. Rounds over all workloads are repeated
while the time lasts; the shortest time counts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from comparison import Times, as_table, turns
from native import OPTIMIZED, compile_native
from report import machine, put_section
from workloads import RUNNER, Workload, all_workloads

from pypkg_core.bases.record import find_built
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.parse import parse_target

# Minutes and the seconds of one run of a workload; both for each interpreter.
MINUTES, SECONDS = 2.2, 0.1
QUICK_SECONDS = 0.02
OPTIONS: Final = ("-I", "-B")  # a base has -I anyway
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
_PROBE = """
import importlib, json, sys
missing = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        missing.append(name)
print(json.dumps([sys.version, missing]))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """An interpreter; ``missing`` are modules that workloads need and it does not have."""

    name: str
    path: Path
    version: str
    missing: frozenset[str]


def find_interpreter(text: str) -> tuple[str, Path]:
    """Return the name and the path of what the command line names.

    Raises:
        UsageError: it is neither a target with a base in the cache nor a command.
    """
    name, equals, what = text.partition("=")
    if not equals:
        what = name
    command = shutil.which(what)
    if command is not None:
        # Not resolved: a link can be what makes a virtual environment.
        return (name if equals else Path(what).name), Path(command).absolute()
    try:
        base = find_built(parse_target(what))
    except UsageError as error:
        raise UsageError(f"Cannot find the interpreter {what}: it is neither a command nor a target") from error
    if base is None:
        raise UsageError(f"Cannot find the interpreter {what}: no base of it", hint=f"pypkg-forge build {what}")
    return name, base.path


def probe(name: str, path: Path, needs: Sequence[str]) -> Interpreter:
    """Ask an interpreter for its version and for the modules that it lacks.

    Raises:
        PypkgError: it does not run.
    """
    version, missing = json.loads(_run(path, "-c", _PROBE, *needs))
    return Interpreter(name=name, path=path, version=" ".join(version.split()), missing=frozenset(missing))


def _run(path: Path, *arguments: str) -> str:
    line = [str(path), *OPTIONS, *arguments]
    done = subprocess.run(line, env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        raise PypkgError(f"{' '.join(line)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()[-1]  # what a program prints comes before


def measure(
    workloads: Sequence[Workload], interpreters: Mapping[str, Path], *, peer: str, minutes: float, seconds: float
) -> tuple[Times, int]:
    """Let the interpreters take turns at the workloads; return the shortest times, and the number of rounds.

    Args:
        minutes: no round begins that would end later, going by the longest; there is always one.
        seconds: of one run of a workload, a little less than its process takes.

    Raises:
        PypkgError: a workload failed.
    """
    times = Times(peer=peer)
    ends = time.monotonic() + minutes * 60
    longest = 0.0
    rounds = 0
    while rounds == 0 or time.monotonic() + longest <= ends:
        started = time.monotonic()
        for workload, name in turns(workloads, list(interpreters), number=rounds):
            found = json.loads(_run(interpreters[name], str(RUNNER), str(seconds), *workload.line))
            times.add(workload.group, name, found)
        took = time.monotonic() - started
        longest = max(longest, took)
        rounds += 1
        print(f"round {rounds}: {took:.0f} s", file=sys.stderr)
    return times, rounds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, rougher figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time and ratio here")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page: docs/benchmarks.md")
    peer = parser.add_mutually_exclusive_group(required=True)
    peer.add_argument("--against", metavar="PEER", help="the interpreter to compare with")
    peer.add_argument("--build-peer", metavar="VERSION", help="compare with one that is compiled, unless it has been")
    parser.add_argument("interpreters", nargs="+", metavar="INTERPRETER")
    return parser.parse_args()


def _section(times: Times, found: Sequence[Interpreter], facts: Sequence[str]) -> str:
    peer, *others = [interpreter.name for interpreter in found]
    table = as_table(times, others)
    return (
        "\n".join([f"### {', '.join(others)} against {peer}", "", *(f"- {fact}" for fact in facts), "", *table]) + "\n"
    )


def _compare(arguments: argparse.Namespace) -> None:
    if arguments.build_peer:
        named = [(f"gcc-{arguments.build_peer}", compile_native(arguments.build_peer, OPTIMIZED))]
    else:
        named = [find_interpreter(arguments.against)]
    named += [find_interpreter(text) for text in arguments.interpreters]
    if len({name for name, _ in named}) < len(named):
        raise UsageError("Two interpreters have the same name", hint="name them: before=PATH after=PATH")
    workloads = all_workloads()
    needs = sorted({workload.needs for workload in workloads} - {""})
    found = [probe(name, path, needs) for name, path in named]
    missing = {module: item.name for item in found for module in item.missing}
    chosen = [workload for workload in workloads if workload.needs not in missing]
    times, rounds = measure(
        chosen,
        {item.name: item.path for item in found},
        peer=found[0].name,
        minutes=0 if arguments.quick else MINUTES * len(found),
        seconds=QUICK_SECONDS if arguments.quick else SECONDS,
    )
    facts = [machine(), *(f"{item.name}: {item.version}" for item in found), f"rounds: {rounds}"]
    facts += [
        f"left out, because {name} has no {module}: {_names(workloads, module)}" for module, name in missing.items()
    ]
    section = _section(times, found, facts)
    print(section)
    if arguments.json:
        ratios = {item.name: times.ratios(item.name) for item in found[1:]}
        document = {
            "peer": times.peer,
            "facts": facts,
            "means": {item.name: times.means(item.name) for item in found[1:]},
            "benchmarks": [
                {
                    "group": key[0],
                    "name": key[1],
                    "seconds": seconds,
                    "ratios": {name: its[key] for name, its in ratios.items()},
                }
                for key, seconds in times.seconds.items()
            ],
        }
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8") if arguments.write.exists() else ""
        arguments.write.write_text(put_section(page, section), encoding="utf-8")


def _names(workloads: Sequence[Workload], module: str) -> str:
    return ", ".join(workload.name for workload in workloads if workload.needs == module)


def main() -> None:
    """Run the command line."""
    try:
        _compare(_arguments())
    except PypkgError as error:
        print(f"interpreter.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
