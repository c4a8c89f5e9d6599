"""Time packaging for several targets at once against packaging for one, and print the ratios.

Usage: python benchmarks/package_targets.py [--rounds N] [--work DIR] [TARGET...]

Packages programs/typed.py, which needs native wheels, for the first TARGET alone and for all of them in one run. The
two take turns, with an empty and with a full compile cache; of each the shortest run counts. What is asked of the
package index is asked before, so that the times do not depend on the network. Without TARGET: the bases in the cache.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from measure import once
from peers import CLI_PACKAGES

from pypkg_core.bases.record import Base, find_built
from pypkg_core.cache import CACHE_TAG
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import catalogue, latest_version
from pypkg_core.targets.parse import parse_targets

__all__ = ["Packaging", "built_bases"]

PROGRAM = Path(__file__).parent / "programs" / "typed.py"
PACKAGES = (*CLI_PACKAGES, "pydantic")


class Packaging:
    """pypkg with a cache of its own, which holds bases, and an environment with what the program imports.

    Args:
        bases: of the targets.
        work: a directory; an environment that is there from an earlier run is used again.
    """

    def __init__(self, bases: Sequence[Base], work: Path) -> None:
        self._work = work
        self._cache = work / "cache"
        self._python = work / "venv" / "bin" / "python"
        if not self._python.exists():
            subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
            subprocess.run([self._python, "-m", "pip", "install", "--quiet", "--no-input", *PACKAGES], check=True)
        folder = self._cache / CACHE_TAG
        folder.mkdir(parents=True, exist_ok=True)
        for base in bases:
            for path in base.path.parent.glob(f"{base.path.name}*"):
                shutil.copy2(path, folder / path.name)

    def forget(self) -> None:
        """Empty the compile cache."""
        shutil.rmtree(self._cache / "compile", ignore_errors=True)

    def seconds(self, names: Sequence[str]) -> float:
        """Package for targets and return the seconds that it takes.

        Raises:
            RuntimeError: it failed; the message has its output.
        """
        line: list[str | Path] = [
            Path(sys.executable).with_name("pypkg"),
            "-t",
            ",".join(names),
            "--python",
            self._python,
        ]
        out = self._work / "out"
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self._work), "PYPKG_CACHE_PATH": str(self._cache)}
        return once([*line, "--out-path", out, PROGRAM], env=env)


def built_bases(texts: Sequence[str]) -> list[Base]:
    """Return the bases of targets; without any, those of the newest series in the cache, of this system.

    Raises:
        PypkgError: the cache has no base of a target.
    """
    asked = [target for text in texts for target in parse_targets(text)]
    chosen = asked or [target for target in catalogue().targets() if target.version == latest_version()]
    found = {target: find_built(target) for target in chosen}
    missing = [target.name for target, base in found.items() if base is None]
    if asked and missing:
        raise PypkgError(f"The cache has no base of {', '.join(missing)}", hint="Forge them with pypkg-forge build")
    return [base for base in found.values() if base is not None]


def _measure(packaging: Packaging, one: Sequence[str], several: Sequence[str], *, rounds: int) -> None:
    """Print the shortest times and their ratio."""
    packaging.seconds(several)
    times: dict[tuple[str, bool], list[float]] = {}
    for number in range(rounds):
        for names in (one, several) if number % 2 else (several, one):
            packaging.forget()
            for cache in ("empty", "full"):
                times.setdefault((cache, names is several), []).append(packaging.seconds(names))
    for cache in ("empty", "full"):
        first, all_of_them = min(times[cache, False]), min(times[cache, True])
        print(
            f"{cache} compile cache: {first:.2f} s for 1 target, {all_of_them:.2f} s for {len(several)}, "
            f"ratio {all_of_them / first:.2f}"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the shortest counts")
    parser.add_argument("--work", type=Path, help="keep the environment and the cache there")
    given = parser.parse_args()
    bases = built_bases(given.targets)
    names = [base.target.name for base in bases]
    if len(names) < 2:
        parser.error("expected at least two targets whose bases are in the cache")
    print(f"{', '.join(names)}; the first of them alone")
    with nullcontext(given.work) if given.work else tempfile.TemporaryDirectory(prefix="pypkg-targets-") as folder:
        work = Path(folder).absolute()
        _measure(Packaging(bases, work), names[:1], names, rounds=given.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
