"""Make the sample profile of a series: ``python benchmarks/train.py 3.13`` writes ``patches/profiles/3.13.txt``.

Compiles an ordinary CPython with gcc's counters, imports the whole standard library, runs CPython's own training tests
(``python -m test --pgo``), and records how often each line ran. Both workloads have the same weight, because packaged
programs spend much of their time starting. Needs gcc with gcov 9 or newer, and 15 minutes on two processors.

CPython's interpreter loop is generated into a file that its function includes. A base may have it in another form, in
which each instruction is a function (3.14's tail calls); gcc 12 cannot compile that form, so its counts are those of
the same lines in the loop.

Formats: gcov's JSON (gcc.gnu.org/onlinedocs/gcc/Invoking-Gcov.html, ``--json-format``), and clang's sample profiles as
text (clang.llvm.org/docs/UsersManual.html, "Sample Profile Text Format"): lines are counted from the line of the
function's name, modulo 65536.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from pypkg_core.atomic import atomic_write
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.build import fetch_sources

HERE = Path(__file__).parent
PROFILES = HERE.parent / "patches" / "profiles"
# The sum of a workload's counts in a profile, and the share of all counts that a profile contains: the rest is compiled
# as code without a profile.
SCALE = 1e9
SHARE = 0.99
LINE_MASK = 0xFFFF
IMPORT_RUNS = 5
FAILED_TESTS = 2  # exit code of `python -m test` after failures
_INCLUDE: Final = re.compile(r'\s*#\s*include\s+"([^"]+)"')
# As CPython's Tools/cases_generator writes them; labels are functions too.
_INSTRUCTION: Final = re.compile(r"\s*(?:TARGET|LABEL)\((\w+)\)")
_ENVIRONMENT = {"PATH": os.defpath, "HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONHASHSEED": "1"}


class Function(NamedTuple):
    """A function and its definition; the copies of an inline function share one."""

    name: str
    file: str
    line: int


@dataclass(slots=True)
class Counts:
    """The calls of a function, and the runs of each line, by its distance from the first."""

    calls: float = 0
    lines: Counter[int] = field(default_factory=Counter)

    def add(self, number: int, count: float, first: int) -> None:
        """Add the runs of the line ``number`` of a file, in which the function begins in line ``first``."""
        self.lines[(number - first) & LINE_MASK] += count  # type: ignore[assignment]

    @property
    def total(self) -> float:
        """The sum over all lines."""
        return sum(self.lines.values())


Functions = dict[Function, Counts]


def add_coverage(document: dict[str, Any], functions: Functions, folder: Path) -> None:
    """Add the counts of an object file, from gcov's output; ``folder`` is the one that its file names start from."""
    known: dict[str, Function] = {}
    for file in document["files"]:
        for function in file["functions"]:
            name = function["name"]
            if name not in known:
                known[name] = Function(name, os.path.normpath(file["file"]), function["start_line"])
                functions.setdefault(known[name], Counts()).calls += function["execution_count"]
    for file in document["files"]:
        for line in file["lines"]:
            found = known.get(line.get("function_name"))
            if found is not None:
                functions[found].add(line["line_number"], line["count"], found.line)
    for file in document["files"]:
        for path, function in _included(file, known, folder):
            counts = {
                line["line_number"]: line["count"]
                for other in document["files"]
                if Path(other["file"]).name == path and not other["functions"]
                for line in other["lines"]
            }
            for number, count in counts.items():
                functions[function].add(number, count, function.line)
            add_instructions((folder / function.file).with_name(path), counts, functions)


def _included(file: dict[str, Any], known: dict[str, Function], folder: Path) -> Iterator[tuple[str, Function]]:
    """Yield the files that are included in the body of a function: the name, and the function.

    gcov gives their lines without a function.
    """
    source = folder / file["file"]
    if not source.is_file():
        return
    for number, text in enumerate(source.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        match = _INCLUDE.match(text)
        if match is None:
            continue
        for function in file["functions"]:
            if function["start_line"] < number < function["end_line"]:
                yield match[1], known[function["name"]]


def add_instructions(source: Path, counts: dict[int, float], functions: Functions) -> None:
    """Add the functions, if any, that instructions of a generated interpreter loop are where they call each other."""
    starts = [
        (number, match[1])
        for number, text in enumerate(source.read_text(encoding="utf-8").splitlines(), 1)
        if (match := _INSTRUCTION.match(text))
    ]
    ends = [start for start, _ in starts[1:]] + [LINE_MASK + 1]
    for (start, name), end in zip(starts, ends, strict=False):
        into = functions.setdefault(Function(f"_TAIL_CALL_{name}", str(source), start), Counts())
        own = sorted((number, count) for number, count in counts.items() if start <= number < end)
        into.calls += own[0][1] if own else 0
        for number, count in own:
            into.add(number, count, start)


def merge(workloads: Iterable[Functions]) -> dict[str, Counts]:
    """Merge workloads with equal weights. Of several functions with one name, the one that ran most is kept."""
    merged: Functions = {}
    for functions in workloads:
        weight = SCALE / max(1, sum(counts.total for counts in functions.values()))
        for function, counts in functions.items():
            into = merged.setdefault(function, Counts())
            into.calls += counts.calls * weight
            for line, count in counts.lines.items():
                into.lines[line] += count * weight  # type: ignore[assignment]
    named: dict[str, Counts] = {}
    for function, counts in sorted(merged.items()):
        if function.name not in named or counts.total > named[function.name].total:
            named[function.name] = counts
    return named


def profile_lines(functions: dict[str, Counts]) -> Iterator[str]:
    """Yield the lines of a profile, the most frequent functions first."""
    left = SHARE * sum(counts.total for counts in functions.values())
    for name, counts in sorted(functions.items(), key=lambda item: (-item[1].total, item[0])):
        if left < 0 or counts.total < 1:
            return
        left -= counts.total
        yield f"{name}:{round(counts.total)}:{round(counts.calls)}\n"
        for line, count in sorted(counts.lines.items()):
            # gcov's counters are not atomic: threads of the tests can make a line's negative.
            yield f" {line}: {max(0, round(count))}\n"


class Training:
    """An instrumented CPython, and the counts of its runs."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._folder = folder
        with tarfile.open(archive) as tar:
            self._build = folder / tar.getnames()[0].split("/")[0]
        self._archive = archive

    def compile(self) -> None:
        """Unpack, configure and build it."""
        shutil.rmtree(self._build, ignore_errors=True)
        with tarfile.open(self._archive) as tar:
            # Python 3.11.2, Debian 12's, has no extraction filters.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(self._folder)  # noqa: S202
        flags = "-O0 -fno-inline --coverage"
        self._run("./configure", "CC=gcc", f"CFLAGS={flags}", "LDFLAGS=--coverage", "OPT=-DNDEBUG")
        self._run("make", f"-j{os.cpu_count()}")
        # Discards the counts of the build, and creates the .pyc files, so that the counted runs do not compile them.
        self._run("./python", "-I", "-S", str(HERE / "programs" / "import_all.py"))
        for path in self._build.rglob("*.gcda"):
            path.unlink()

    def imports(self) -> Functions:
        """Return the counts of importing the standard library."""
        return self._counted("imports", IMPORT_RUNS, "-I", "-S", str(HERE / "programs" / "import_all.py"))

    def tests(self) -> Functions:
        """Return the counts of CPython's training tests."""
        return self._counted("tests", 1, "-m", "test", "--pgo", "--timeout=900")

    def _run(self, *line: str, counters: Path | None = None, good: tuple[int, ...] = (0,)) -> None:
        environment = _ENVIRONMENT | ({"GCOV_PREFIX": str(counters)} if counters else {})
        # Without optimisation, the deepest recursions of the tests need a larger stack.
        shell = ["sh", "-c", 'ulimit -s unlimited; exec "$@"', "sh", *line]
        with (self._folder / "log").open("ab") as log:
            done = subprocess.run(
                shell, cwd=self._build, env=environment, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if done.returncode not in good:
            sys.exit(f"{' '.join(line)} ended with exit code {done.returncode}, see {self._folder / 'log'}")

    def _counted(self, name: str, runs: int, *arguments: str) -> Functions:
        prefix = self._folder / f"counters-{name}"
        shutil.rmtree(prefix, ignore_errors=True)
        for _ in range(runs):
            self._run("./python", *arguments, counters=prefix, good=(0, FAILED_TESTS))
        top = prefix / self._build.relative_to("/")
        functions: Functions = {}
        with ThreadPoolExecutor() as pool:
            for document in pool.map(lambda path: self._coverage(path, top), sorted(top.rglob("*.gcda"))):
                add_coverage(document, functions, self._build)
        return functions

    def _coverage(self, counters: Path, top: Path) -> dict[str, Any]:
        notes = counters.with_suffix(".gcno")
        shutil.copyfile(self._build / notes.relative_to(top), notes)
        line = ["gcov", "--json-format", "--stdout", "-o", str(counters.parent), str(counters)]
        done = subprocess.run(line, cwd=self._build, check=True, capture_output=True)
        document: dict[str, Any] = json.loads(done.stdout)
        return document


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", help='"3.13"')
    parser.add_argument("--work", type=Path, required=True, help="directory for the build, 1 GB")
    arguments = parser.parse_args()
    target = parse_target(f"py{arguments.series.replace('.', '')}-linux-x64")
    archive = fetch_sources(target, source=None)["python"].path
    folder: Path = arguments.work.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    training = Training(archive, folder)
    training.compile()
    functions = merge([training.imports(), training.tests()])
    PROFILES.mkdir(exist_ok=True)
    with atomic_write(PROFILES / f"{arguments.series}.txt") as out:
        for line in profile_lines(functions):
            out.write(line.encode())


if __name__ == "__main__":
    main()
