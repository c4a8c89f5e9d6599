"""The time of packaging a command line with its dependencies, and a project of 1,000 modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from generate import DATA, MODULES, PACKAGES, generate_project
from peers import Build, Peers, PypkgTool
from report import Row, ratio

__all__ = ["PyInstaller", "packaging_rows", "project_rows"]

PyInstaller = Callable[[Path], Build]


def packaging_rows(
    what: str, target: str, script: Path, tool: PypkgTool, pyinstaller: PyInstaller, *, repeats: int
) -> tuple[list[Row], Build]:
    """Package a script with an empty cache, with a full one, and with PyInstaller; return rows and our executable.

    Args:
        what: a name for the script.
        pyinstaller: packages the script.
        repeats: how often; the shortest time is reported.
    """
    cold, warm, theirs = [], [], []
    for _ in range(repeats):
        tool.forget()
        cold.append(tool.build(script))
        warm.append(tool.build(script))
        theirs.append(pyinstaller(script))
    times = {name: min(b.seconds for b in builds) for name, builds in (("cold", cold), ("warm", warm), ("pyi", theirs))}
    rows = [
        Row(
            what=f"packaging {what}: PyInstaller --clean / ours, {words} ({target})",
            ours=f"{times[name]:.2f} s",
            theirs=f"{times['pyi']:.2f} s",
            **ratio(times["pyi"] / times[name], at_least=5),
        )
        for name, words in (("cold", "nothing compiled before"), ("warm", "packaged before"))
    ]
    return rows, warm[-1]


def project_rows(target: str, tool: PypkgTool, peers: Peers, work: Path, *, repeats: int) -> list[Row]:
    """Package a generated project; both executables must print what it prints from source.

    Raises:
        RuntimeError: they do not.
    """
    folder = work / "generated"
    script = folder / "app.py" if folder.exists() else generate_project(folder)
    data = [f"{file}:{file.parent.name}" for file in sorted(folder.glob(f"*/{DATA}"))]
    made: list[Build] = []

    def pyinstaller(path: Path) -> Build:
        made.append(peers.pyinstaller(path, *(word for item in data for word in ("--add-data", item))))
        return made[-1]

    what = f"{PACKAGES * MODULES:,} modules"
    rows, ours = packaging_rows(what, target, script, tool, pyinstaller, repeats=repeats)
    wanted = peers.output(script)
    for build in (ours, made[-1]):
        if (output := build.output()) != wanted:
            raise RuntimeError(f"{build.path} printed {output!r}, expected {wanted!r}")
    return rows
