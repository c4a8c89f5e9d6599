"""What interpreters are compared with: programs of pyperformance, and micro-benchmarks of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.cache import cache_root, locked

__all__ = ["MICRO", "PROGRAMS", "RUNNER", "Workload", "all_workloads"]

PYPERFORMANCE: Final = "1.14.0"  # another release may have other programs of the same name
HERE: Final = Path(__file__).parent / "programs"
RUNNER: Final = HERE / "workload.py"

# Of pyperformance's programs those that need only the standard library and take less than a second, by their folder,
# with the arguments that choose one benchmark of several.
PROGRAMS: Final[Sequence[str]] = (
    *("async_generators", "async_tree none", "chaos", "comprehensions", "coroutines", "decimal_pi", "deepcopy"),
    *("deltablue", "fannkuch", "float", "generators", "go", "hexiom", "json_dumps", "json_loads", "logging format"),
    *("logging silent", "meteor_contest", "nbody", "nqueens", "pickle pickle", "pickle unpickle"),
    *("pickle --pure-python pickle", "pidigits", "pyflate", "raytrace", "regex_compile", "regex_dna"),
    *("regex_effbot", "regex_v8", "richards", "scimark lu", "scimark sparse_mat_mult", "spectral_norm"),
    *("sqlite_synth", "telco", "typing_runtime_protocols", "unpack_sequence", "xml_etree parse", "xml_etree process"),
)
# The module in C without which a program measures its replacement in Python, or does not run.
NEEDS: Final = {
    **{"decimal_pi": "_decimal", "json_dumps": "_json", "json_loads": "_json", "pickle": "_pickle"},
    **{"sqlite_synth": "_sqlite3", "telco": "_decimal", "xml_etree": "_elementtree"},
}
# Functions of programs/micro.py.
MICRO: Final[Sequence[str]] = (
    *("calls", "methods", "builtin_calls", "attributes", "global_names", "objects", "integers", "large_integers"),
    *("floats", "strings", "f_strings", "lists", "dicts", "sets", "sorting", "unpacking", "generators", "closures"),
    *("exceptions", "managers", "matching", "classes", "regex", "compiling"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """A script, which reports one or more benchmarks.

    Attributes:
        group: what its benchmarks are reported under.
        name: for messages.
        line: the script and its arguments.
        needs: a module that every interpreter must have; empty if it is any.
    """

    group: str
    name: str
    line: tuple[str, ...]
    needs: str = ""


def all_workloads() -> list[Workload]:
    """Return all workloads; pyperformance is installed into the cache from the package index at the first use.

    Raises:
        subprocess.CalledProcessError: it cannot be installed.
    """
    programs = []
    for words in map(str.split, PROGRAMS):
        script = _pyperformance() / f"bm_{words[0]}" / "run_benchmark.py"
        line = (str(script), *words[1:])
        programs.append(Workload(group="programs", name=" ".join(words), line=line, needs=NEEDS.get(words[0], "")))
    micro = [Workload(group="micro", name=name, line=(str(HERE / "micro.py"), name)) for name in MICRO]
    return programs + micro


def _pyperformance() -> Path:
    """Return the folder of pyperformance's programs."""
    folder = cache_root() / "benchmarks" / f"pyperformance-{PYPERFORMANCE}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if not folder.exists():
            # Not its dependencies: RUNNER stands in for pyperf. Renamed when it is complete.
            beside = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(beside, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--no-compile"]
            subprocess.run([*pip, "--target", beside, f"pyperformance=={PYPERFORMANCE}"], check=True)
            beside.rename(folder)
    return folder / "pyperformance" / "data-files" / "benchmarks"
