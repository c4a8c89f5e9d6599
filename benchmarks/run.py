"""Measure pypkg against its peers.

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

from measure import Command, once, startup_times
from package_times import packaging_rows, project_rows
from peers import Build, Peers, PypkgTool
from report import Row, as_markdown, machine, put_section, ratio
from rich.console import Console
from rich.table import Table
from runtime import file_rows, import_peers, import_rows, size_rows

from pypkg_core.binaries import read_image
from pypkg_core.cache import sources_dir
from pypkg_core.targets.catalogue import catalogue
from pypkg_core.targets.host import host_target
from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver.build import build
from pypkg_forge.driver.recipe import why_not

PROGRAMS = Path(__file__).parent / "programs"
HELLO = PROGRAMS / "hello.py"
CLI = PROGRAMS / "cli.py"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PARTS = "programs,packaging,files,imports,size"


def _forgeable(platform: str) -> list[str]:
    """Return the targets of a platform that can be forged for this host's processor, oldest Python first."""
    arch = host_target().arch
    found = [target for target in catalogue().targets() if (target.platform, target.arch) == (platform, arch)]
    return [target.name for target in found if why_not(target) is None] or [f"{platform}-{arch}"]


STATIC = _forgeable("linuxstatic")[-1]
TARGETS = f"{_forgeable(host_target().platform)[0]},{STATIC}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


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

    def row(what: str, ours: float, theirs: float, figure: float, **limits: float) -> Row:
        return Row(
            what=f"{what} ({target})", ours=_milliseconds(ours), theirs=_milliseconds(theirs), **ratio(figure, **limits)
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


def _size_rows(target: str, hello: Build, cli: Build, others: dict[str, tuple[Build, Build]]) -> list[Row]:
    rows = []
    for name, (their_hello, their_cli) in others.items():
        for what, ours, theirs in (("hello", hello, their_hello), ("CLI", cli, their_cli)):
            rows.append(
                Row(
                    what=f"size of {what}: ours / {name} onefile ({target})",
                    ours=f"{ours.megabytes:.1f} MB",
                    theirs=f"{theirs.megabytes:.1f} MB",
                    **ratio(ours.megabytes / theirs.megabytes),
                )
            )
    return rows


def _forge_row(work: Path) -> Row:
    """Forge with empty caches (also zig's), but with the sources."""
    cache = work / "forge-cache"
    cache.mkdir()
    (cache / "sources").symlink_to(sources_dir(), target_is_directory=True)
    env = {**os.environ, "PYPKG_CACHE_PATH": str(cache), "ZIG_GLOBAL_CACHE_DIR": str(work / "zig")}
    line: list[str | Path] = [Path(sys.executable).with_name("pypkg-forge"), "build", STATIC]
    minutes = once(line, env=env) / 60
    return Row(
        what=f"forging {STATIC} from nothing, sources present",
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
        "--forge", action="store_true", help=f"forge {STATIC} from nothing too (about ten minutes more)"
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
    others: dict[str, tuple[Build, Build]] = {}
    if parts & {"programs", "packaging"}:
        say("installing the peers")
        peers = Peers(arguments.python, work, nuitka=arguments.nuitka)
        facts.append(f"host Python {peers.python_version()}, PyInstaller {peers.version('pyinstaller')}")
        facts += [f"Nuitka {peers.version('nuitka')}"] if arguments.nuitka else []
    if peers and "programs" in parts:
        say("building with PyInstaller")
        others = {"PyInstaller": (peers.pyinstaller(HELLO), peers.pyinstaller(CLI))}
        if arguments.nuitka:
            say("building with Nuitka")
            others["Nuitka"] = (peers.nuitka(HELLO), peers.nuitka(CLI))
    for target in arguments.targets.split(","):
        base = build(parse_target(target))
        tool = PypkgTool(target, base.path, peers.python if peers else arguments.python, work)
        tool.forget()
        if peers and "programs" in parts:
            rows += _program_rows(target, tool, peers, others, arguments, say)
        if peers and "packaging" in parts:
            say(f"packaging a project of many modules for {target}")
            rows += project_rows(target, tool, peers, work, repeats=1 if arguments.quick else 3)
        rows += _runtime_rows(target, tool, parts, arguments, work, say)
    if arguments.forge:
        say(f"forging {STATIC}")
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
    repeats = 1 if arguments.quick else 3
    packaging, cli = packaging_rows("the CLI", target, CLI, tool, peers.pyinstaller, repeats=repeats)
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
        peers = import_peers(version, native=arguments.native)
        rows += import_rows(target, tool, peers, work, rounds=rounds)
    if "size" in parts:
        say(f"sizes for {target}")
        rows += size_rows(target, tool, work, rounds=rounds * 2)
    return rows


def main() -> None:
    """Measure, print the table, write its section of the page."""
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
    page = arguments.write.read_text(encoding="utf-8") if arguments.write.exists() else ""
    arguments.write.write_text(put_section(page, as_markdown(rows, facts)), encoding="utf-8")


if __name__ == "__main__":
    main()
