"""The runtime's folders are layers (cmake/runtime.cmake), and nothing in it depends on itself in a circle.

Checked for files and for folders, by the symbols of the objects and by the includes of the sources.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

import needs
from runtime_build import FLAGS, RUNTIME, compile_objects, layers, runtime_sources

Graph = Mapping[str, set[str]]

# The runtime's own symbols: the interposed functions have the names of the C library's.
OWN = re.compile(r"_?pypkg_\w+")
INCLUDE = re.compile(r'^#\s*include "([^"]+)"', re.MULTILINE)


def find_circle(graph: Graph) -> list[str]:
    """Return the nodes of a circle, the first one also last, or nothing."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in done:
            for other in sorted(graph.get(node, ())):
                circle = visit(other, [*path, node])
                if circle:
                    return circle
            done.add(node)
        return []

    return next(filter(None, (visit(node, []) for node in sorted(graph))), [])


def folder_of(file: str) -> str:
    """Return the layer that a file is in."""
    return file.partition("/")[0]


def folders(graph: Graph) -> dict[str, set[str]]:
    """Return which folder depends on which other ones, from the dependencies of files."""
    found: dict[str, set[str]] = {}
    for file, others in graph.items():
        found.setdefault(folder_of(file), set()).update(map(folder_of, others))
    return {folder: others - {folder} for folder, others in found.items()}


def upward(graph: Graph, order: Iterable[str]) -> list[str]:
    """Return the dependencies of files on a higher layer, as text."""
    rank = {folder: number for number, folder in enumerate(order)}
    return [
        f"{file} -> {other}"
        for file, others in sorted(graph.items())
        for other in sorted(others)
        if rank[folder_of(other)] > rank[folder_of(file)]
    ]


def _symbols(path: Path) -> tuple[set[str], set[str]]:
    """Return the symbols that an object defines for others, and those that it needs."""
    defined: set[str] = set()
    needed: set[str] = set()
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        for symbol in table.iter_symbols():
            if symbol["st_info"]["bind"] != "STB_LOCAL" and OWN.fullmatch(symbol.name):
                (needed if symbol["st_shndx"] == "SHN_UNDEF" else defined).add(symbol.name)
    return defined, needed


def _sources() -> dict[str, Path]:
    python = sorted((RUNTIME / "python").rglob("*.c"))
    return {path.relative_to(RUNTIME).as_posix(): path for path in [*runtime_sources(), *python]}


@pytest.fixture(scope="module")
def calls() -> Graph:
    """Which C file uses functions and variables of which other ones."""
    needs.host("linux")
    compiler, sources = needs.compiler(), _sources()
    python = ["-isystem", sysconfig.get_path("include")]
    objects: dict[str, Path] = {}
    for flags, names in (
        ([*FLAGS, "-DPYPKG_INTERPOSE=1"], [name for name in sources if folder_of(name) != "python"]),
        ([*FLAGS, *python], [name for name in sources if folder_of(name) == "python"]),
    ):
        flags.append("-DPYPKG_WITHOUT_CODECS")
        objects |= zip(names, compile_objects(compiler, flags, [sources[name] for name in names]), strict=True)
    symbols = {name: _symbols(path) for name, path in objects.items()}
    owners = {symbol: name for name, (defined, _) in symbols.items() for symbol in defined}
    return {name: {owners[s] for s in needed if s in owners} - {name} for name, (_, needed) in symbols.items()}


@pytest.fixture(scope="module")
def includes() -> Graph:
    """Which file includes which headers."""
    files = {path.relative_to(RUNTIME).as_posix(): path for path in RUNTIME.rglob("*.[ch]")}
    return {name: set(INCLUDE.findall(path.read_text())) for name, path in files.items()}


def test_every_folder_is_a_layer() -> None:
    assert set(layers()) == {path.name for path in RUNTIME.iterdir() if path.is_dir()}


def test_no_file_calls_a_higher_layer(calls: Graph) -> None:
    assert len(calls) > 40 and sum(map(len, calls.values())) > 100
    assert upward(calls, layers()) == []


def test_no_circles_of_calls(calls: Graph) -> None:
    assert find_circle(calls) == []
    assert find_circle(folders(calls)) == []


def test_no_file_includes_a_header_of_a_higher_layer(includes: Graph) -> None:
    assert sum(map(len, includes.values())) > 100
    assert {name for names in includes.values() for name in names} <= includes.keys()
    assert upward(includes, layers()) == []


def test_no_circles_of_includes(includes: Graph) -> None:
    assert find_circle(includes) == []
    assert find_circle(folders(includes)) == []


def test_circles_are_found() -> None:
    graph = {"a/x.c": {"a/y.c", "b/z.c"}, "a/y.c": {"a/x.c"}, "b/z.c": set[str]()}
    assert find_circle(graph) == ["a/x.c", "a/y.c", "a/x.c"]
    assert find_circle({"a/x.c": {"a/y.c"}, "a/y.c": {"b/z.c"}, "b/z.c": set()}) == []
    # Files without a circle may still put their folders into one.
    crossed = {"a/x.c": {"b/x.c"}, "b/y.c": {"a/y.c"}, "a/y.c": set[str](), "b/x.c": set[str]()}
    assert find_circle(crossed) == []
    assert find_circle(folders(crossed)) == ["a", "b", "a"]
    assert upward(crossed, ["a", "b"]) == ["a/x.c -> b/x.c"]


def test_symbols_of_a_circle_are_found(tmp_path: Path) -> None:
    (tmp_path / "one.c").write_text("int pypkg_two(void);\nint pypkg_one(void) { return pypkg_two(); }\n")
    (tmp_path / "two.c").write_text("int pypkg_one(void);\nint pypkg_two(void) { return pypkg_one(); }\n")
    objects = compile_objects(needs.compiler(), [], [tmp_path / "one.c", tmp_path / "two.c"])
    assert [_symbols(path) for path in objects] == [
        ({"pypkg_one"}, {"pypkg_two"}),
        ({"pypkg_two"}, {"pypkg_one"}),
    ]
