"""What the documents say of the repository holds: paths, links, and the table of markers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md", "patches/*.md", "examples/*/*.md")
    for page in ROOT.glob(pattern)
}
# Where a path in a document may start: at the top, at a package as it is imported, or (patches/README.md) at patches.
STARTS = (ROOT, ROOT / "forge", ROOT / "packager", ROOT / "patches")
SOURCES = ("patches", "forge", "packager", "cmake", "tests", "benchmarks")


def _code(page: str) -> Iterator[str]:
    """Every `word` of a page, without its blocks of code."""
    text = re.sub(r"^```.*?^```", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\s]+)`", text)


def _is_path(word: str) -> bool:
    """Whether a word names something in the repository: its first part does, or it is a C or CMake file."""
    first, slash, _ = word.partition("/")
    if "<" in word:  # a part that the reader fills in
        return False
    if slash or word.startswith("."):
        return any((start / first).exists() for start in STARTS) and first not in {"", ".", ".."}
    return Path(word).suffix in {".c", ".h", ".cmake"}


def _exists(word: str) -> bool:
    name = word.rstrip("/")
    if "/" in word or name.startswith("."):
        return any((start / name).exists() or any(start.glob(name)) for start in STARTS)
    return any(any((ROOT / folder).rglob(name)) for folder in SOURCES)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    assert [word for word in _code(page) if _is_path(word) and not _exists(word)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, heading = target.partition("#")
        file = (folder / name).resolve() if name else ROOT / page
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}, target


def test_the_paths_are_found() -> None:
    """A check of the check."""
    assert _is_path("forge/none") and not _exists("forge/none")
    assert _is_path("pypkg_core/atomic.py") and _exists("pypkg_core/atomic.py")
    assert _is_path("none.c") and not _exists("none.c")
    assert not _is_path("/snapshot/app") and not _is_path("sys.path") and not _is_path("text/plain")


def test_contributing_lists_every_marker() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    registered = {line.partition(":")[0] for line in settings["tool"]["pytest"]["ini_options"]["markers"]}
    table = PAGES["CONTRIBUTING.md"].split("| marker | ", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert {row[0].strip("`") for row in rows if row[0].startswith("`")} == registered
    for row in rows:
        assert len(row) == 4
        assert re.search(r"\d", row[2]), f"{row[0]}: no minutes"
        assert row[3].split()[0].rstrip(",") in {"yes", "no"}, f"{row[0]}: whether CI runs it"
