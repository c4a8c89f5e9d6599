"""Measures pypkg against its peers.

Usage: python benchmarks/run.py [--quick] [--parts P,...] [--targets T,...] [--native] [--nuitka] [--forge]
                                [--write FILE]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from measure import Command, once, startup_times
from peers import Build, Peers, PypkgTool
from report import Row, as_markdown, machine
from rich.console import Console
from rich.table import Table
from runtime import file_rows, import_peers, import_rows, size_rows

from pypkg_core.binaries import read_image
from pypkg_core.cache import sources_dir
from pypkg_core.targets.catalogue import parse_target
from pypkg_forge.driver.build import build

PROGRAMS = Path(__file__).parent / "programs"
HELLO = PROGRAMS / "hello.py"
CLI = PROGRAMS / "cli.py"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
FORGED = "py313-linuxstatic-x64"
TARGETS = "py311-linux-x64,py313-linuxstatic-x64"
PARTS = "programs,files,imports,size"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


class _Figure(TypedDict):
    figure: str
    reach: str
    reached: bool | None


def _ratio(value: float, *, at_most: float | None = None, at_least: float | None = None) -> _Figure:
    figure = f"{value:.2f}"
    if at_most is not None:
        return {"figure": figure, "reach": f"<= {at_most:g}", "reached": value <= at_most}
    if at_least is not None:
        return {"figure": figure, "reach": f">= {at_least:g}", "reached": value >= at_least}
    return {"figure": figure, "reach": "", "reached": None}


def _startup_rows(
    target: str, *, hello: Build, cli: Build, peers: Peers, others: dict[str, tuple[Build, Build]], rounds: int
) -> list[Row]:
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "TERM": "dumb", "LANG": "C.UTF-8"}
    python = str(peers.python)
    hellos = {
        "ours": Command(line=(str(hello.path),), env=env),
        "python": Command(line=(python, "-I", "-S", str(HELLO)), env=env),
        **{name: Command(line=(str(pair[0].path),), env=env) for name, pair in others.items()},
    }
    clis = {
        "ours": Command(line=(str(cli.path),), env=env),
        "python": Command(line=(python, str(CLI)), env=env),
        **{name: Command(line=(str(pair[1].path),), env=env) for name, pair in others.items()},
    }
    hello_times = startup_times(hellos, rounds=rounds)
    cli_times = startup_times(clis, rounds=max(5, rounds // 4))

    def row(what: str, ours: float, theirs: float, ratio: float, **limits: float) -> Row:
        return Row(
            what=f"{what} ({target})", ours=_milliseconds(ours), theirs=_milliseconds(theirs), **_ratio(ratio, **limits)
        )

    mine, host = hello_times["ours"], hello_times["python"]
    rows = [row("hello: ours / `python -I -S hello.py`", mine, host, mine / host, at_most=1.2)]
    for name in others:
        limits = {"at_least": 15} if name == "PyInstaller" else {}
        rows.append(row(f"hello: {name} onefile / ours", mine, hello_times[name], hello_times[name] / mine, **limits))
    mine, host = cli_times["ours"], cli_times["python"]
    rows.append(row("CLI: ours / `python cli.py`", mine, host, mine / host, at_most=1.0))
    rows += [row(f"CLI: {name} onefile / ours", mine, cli_times[name], cli_times[name] / mine) for name in others]
    return rows


def _packaging_rows(
    target: str, tool: PypkgTool, pyinstaller: Callable[[], Build], repeats: int
) -> tuple[list[Row], Build]:
    cold, warm, theirs = [], [], []
    for _ in range(repeats):
        tool.forget()
        cold.append(tool.build(CLI))
        warm.append(tool.build(CLI))
        theirs.append(pyinstaller())
    times = {name: min(b.seconds for b in builds) for name, builds in (("cold", cold), ("warm", warm), ("pyi", theirs))}
    rows = [
        Row(
            what=f"packaging the CLI: PyInstaller --clean / ours, {words} ({target})",
            ours=f"{times[name]:.2f} s",
            theirs=f"{times['pyi']:.2f} s",
            **_ratio(times["pyi"] / times[name], at_least=5),
        )
        for name, words in (("cold", "nothing compiled before"), ("warm", "packaged before"))
    ]
    return rows, warm[-1]


def _size_rows(target: str, hello: Build, cli: Build, others: dict[str, tuple[Build, Build]]) -> list[Row]:
    rows = []
    for name, (their_hello, their_cli) in others.items():
        for what, ours, theirs in (("hello", hello, their_hello), ("CLI", cli, their_cli)):
            rows.append(
                Row(
                    what=f"size of {what}: ours / {name} onefile ({target})",
                    ours=f"{ours.megabytes:.1f} MB",
                    theirs=f"{theirs.megabytes:.1f} MB",
                    **_ratio(ours.megabytes / theirs.megabytes),
                )
            )
    return rows


def _forge_row(work: Path) -> Row:
    """Forges with empty caches (zig's too), the sources present."""
    cache = work / "forge-cache"
    cache.mkdir()
    (cache / "sources").symlink_to(sources_dir(), target_is_directory=True)
    env = {**os.environ, "PYPKG_CACHE_PATH": str(cache), "ZIG_GLOBAL_CACHE_DIR": str(work / "zig")}
    line: list[str | Path] = [Path(sys.executable).with_name("pypkg-forge"), "build", FORGED]
    minutes = once(line, env=env) / 60
    return Row(
        what=f"forging {FORGED} from nothing, sources present",
        ours=f"{minutes:.1f} min",
        theirs="",
        figure=f"{minutes:.1f} min",
        reach="<= 12 min",
        reached=minutes <= 12,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures pypkg against its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer runs, rougher figures")
    parser.add_argument("--targets", default=TARGETS, help=f"with commas; {TARGETS} without")
    parser.add_argument("--parts", default=PARTS, help=f"with commas; {PARTS} without")
    parser.add_argument("--native", action="store_true", help="compile an ordinary CPython where none is installed")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="the host Python to compare with")
    parser.add_argument("--nuitka", action="store_true", help="Nuitka too (about ten minutes more)")
    parser.add_argument(
        "--forge", action="store_true", help=f"forge {FORGED} from nothing too (about ten minutes more)"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", default=PAGE, help="where the Markdown goes")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace, work: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    parts = set(arguments.parts.split(","))
    if unknown := parts - set(PARTS.split(",")):
        raise SystemExit(f"unknown parts: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    facts = [machine()]
    peers = None
    if "programs" in parts:
        say("installing the peers")
        peers = Peers(arguments.python, work, nuitka=arguments.nuitka)
        say("building with PyInstaller")
        others = {"PyInstaller": (peers.pyinstaller(HELLO), peers.pyinstaller(CLI))}
        if arguments.nuitka:
            say("building with Nuitka")
            others["Nuitka"] = (peers.nuitka(HELLO), peers.nuitka(CLI))
        facts.append(f"host Python {peers.python_version()}, PyInstaller {peers.version('pyinstaller')}")
        facts += [f"Nuitka {peers.version('nuitka')}"] if arguments.nuitka else []
    for target in arguments.targets.split(","):
        base = build(parse_target(target))
        tool = PypkgTool(target, base.path, peers.python if peers else arguments.python, work)
        tool.forget()
        if peers:
            rows += _program_rows(target, tool, peers, others, arguments, say)
        rows += _runtime_rows(target, tool, parts, arguments, work, say)
    if arguments.forge:
        say(f"forging {FORGED}")
        rows.append(_forge_row(work))
    return rows, facts


def _program_rows(  # noqa: PLR0917
    target: str,
    tool: PypkgTool,
    peers: Peers,
    others: dict[str, tuple[Build, Build]],
    arguments: argparse.Namespace,
    say: Callable[[str], None],
) -> list[Row]:
    say(f"packaging for {target}")
    packaging, cli = _packaging_rows(target, tool, lambda: peers.pyinstaller(CLI), 1 if arguments.quick else 3)
    hello = tool.build(HELLO)
    say(f"starting programs for {target}")
    rounds = 25 if arguments.quick else 200
    startup = _startup_rows(target, hello=hello, cli=cli, peers=peers, others=others, rounds=rounds)
    return startup + packaging + _size_rows(target, hello, cli, others)


def _runtime_rows(  # noqa: PLR0917
    target: str,
    tool: PypkgTool,
    parts: set[str],
    arguments: argparse.Namespace,
    work: Path,
    say: Callable[[str], None],
) -> list[Row]:
    rows: list[Row] = []
    rounds = 10 if arguments.quick else 50
    if "files" in parts:
        say(f"files for {target}")
        rows += file_rows(target, tool, work)
    if "imports" in parts:
        say(f"imports for {target}")
        version = str(read_image(tool.build(HELLO).path).manifest["python"])
        peers = import_peers(target, version, native=arguments.native, cache=work / "pycache")
        rows += import_rows(target, tool, peers, work, rounds=rounds)
    if "size" in parts:
        say(f"sizes for {target}")
        rows += size_rows(target, tool, work, rounds=rounds * 2)
    return rows


def main() -> None:
    """Measures, prints the table, writes the page."""
    arguments = _arguments()
    console = Console()
    started = time.monotonic()

    def say(step: str) -> None:
        console.print(f"{time.monotonic() - started:6.0f} s  {step}")

    with tempfile.TemporaryDirectory(prefix="pypkg-benchmarks-") as work:
        rows, facts = _measure(arguments, Path(work), say)
    table = Table("what", "pypkg", "against", "ratio", "to reach", "")
    for row in rows:
        mark = {True: "reached", False: "missed", None: ""}[row.reached]
        table.add_row(row.what, row.ours, row.theirs, row.figure, row.reach, mark)
    console.print(table)
    arguments.write.write_text(as_markdown(rows, facts), encoding="utf-8")


if __name__ == "__main__":
    main()
