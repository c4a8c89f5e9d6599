"""Which wheels each target gets: ``python benchmarks/wheels_table.py``.

Resolves the newest version of distributions with native code for every target that can load them, as packaging does,
without downloading the wheels, and writes the table into docs/wheels.md. It needs an index.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from pypkg.environment.index import Index
from pypkg.environment.wheel_choices import Absent, Choice, WheelCache
from pypkg.environment.wheel_tags import wheel_tag
from pypkg.environment.wheels import Question, WheelFinder
from pypkg_core.targets.catalogue import Target, find_version

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "wheels.md"
MARK: Final = "<!-- written by benchmarks/wheels_table.py -->"
NAMES: Final = ("numpy", "pydantic-core", "cryptography", "lxml", "psutil", "orjson", "greenlet", "grpcio")
VERSIONS: Final = ("311", "313", "314")
MACHINES: Final = (
    ("linux", "x64"),
    ("linux", "arm64"),
    ("linux", "armv7"),
    ("alpine", "x64"),
    ("alpine", "arm64"),
    ("win", "x64"),
    ("win", "arm64"),
    ("macos", "x64"),
    ("macos", "arm64"),
)


def cell(answer: Choice | Absent, target: Target) -> str:
    """Return what the table says of one wheel: its version, ABI and platform tag."""
    if isinstance(answer, Absent):
        return "none" if answer.certain else "not known"
    tag = wheel_tag(answer.filename, target)
    if tag is None:
        return "none"
    abis = sorted({_abi(found) for found in parse_wheel_filename(answer.filename)[3]})
    platform = re.sub(r"_(x86_64|aarch64|armv7l|amd64|arm64|universal2)$", "", tag.name)
    return f"{answer.version}<br>{', '.join(abis)} {platform}"


def _abi(tag: Tag) -> str:
    return f"{tag.interpreter}-abi3" if tag.abi == "abi3" else tag.abi if tag.abi != "none" else tag.interpreter


def rows(series: str, names: Sequence[str]) -> Iterable[str]:
    """Yield the lines of one series' table."""
    yield f"| {find_version(series).series} | {' | '.join(names)} |"
    yield "| --- |" + " --- |" * len(names)
    for platform, arch in MACHINES:
        target = Target(version=series, platform=platform, arch=arch)
        with tempfile.TemporaryDirectory() as directory:
            finder = WheelFinder(target, index=Index(), cache=WheelCache(Path(directory)))
            answers = finder.choose([Question(name=name, specifier="") for name in names])
        print(f"{target}: {sum(isinstance(answer, Choice) for answer in answers.values())} of {len(names)}")
        yield f"| {platform}-{arch} | {' | '.join(cell(answers[name], target) for name in names)} |"


def main() -> None:
    """Resolve everything and rewrite the end of the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    names = parser.parse_args().names
    text = DOCUMENT.read_text("utf-8")
    if MARK not in text:
        sys.exit(f"{DOCUMENT} has no line {MARK}")
    tables = "\n\n".join("\n".join(rows(series, names)) for series in VERSIONS)
    DOCUMENT.write_text(f"{text.partition(MARK)[0]}{MARK}\n\n{tables}\n", "utf-8")


if __name__ == "__main__":
    main()
