"""Symbolic links and empty directories: what globs find, and where links lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.collect.links import follow_links
from pypkg_core.patterns import Patterns, tree_items


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project with links of every kind."""
    root = tmp_path / "project"
    for name in ("data/a.txt", "data/sub/b.txt", "pkg/mod.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "data" / "empty").mkdir()
    (tmp_path / "outside.txt").write_text("outside")
    links = {
        "file": "a.txt",
        "folder": "sub",
        "up": "..",
        "loop": "loop",
        "dangling": "none",
        "absolute": str(root / "data" / "a.txt"),
        "out": "../../outside.txt",
        "twice": "folder/b.txt",
        "module": "../pkg",
    }
    for name, target in links.items():
        (root / "data" / name).symlink_to(target)
    return root


def _names(root: Path, *patterns: str, ignore: tuple[str, ...] = ()) -> list[str]:
    return [
        path.relative_to(root).as_posix() for path in Patterns(patterns).expand(root, ignore=Patterns(ignore)).files
    ]


def test_globs_do_not_follow_links(tree: Path) -> None:
    expected = sorted(
        [
            "a.txt",
            "absolute",
            "dangling",
            "empty",
            "file",
            "folder",
            "loop",
            "module",
            "out",
            "sub/b.txt",
            "twice",
            "up",
        ]
    )
    assert _names(tree, "data") == [f"data/{name}" for name in expected]
    assert _names(tree, "data/**") == _names(tree, "data")
    assert _names(tree, "**/*.txt") == ["data/a.txt", "data/sub/b.txt"]
    assert _names(tree, "data/folder/*") == ["data/folder/b.txt"]
    assert _names(tree, "data/*", "!data/*o*", ignore=("data/f*",)) == [
        f"data/{name}" for name in expected if "o" not in name and not name.startswith("f")
    ]
    assert _names(tree, "data/empty") == ["data/empty"]
    assert [item.name for item in tree_items(tree / "pkg")] == ["mod.py"]


@pytest.mark.parametrize(
    ("relative", "links", "path"),
    [
        ("data/a.txt", {}, "data/a.txt"),
        ("data/file", {"data/file": "a.txt"}, "data/a.txt"),
        ("data/folder/b.txt", {"data/folder": "sub"}, "data/sub/b.txt"),
        ("data/twice", {"data/twice": "folder/b.txt", "data/folder": "sub"}, "data/sub/b.txt"),
        ("data/up/data/file", {"data/up": "..", "data/file": "a.txt"}, "data/a.txt"),
        ("data/absolute", {"data/absolute": "/snapshot/app/data/a.txt"}, "data/a.txt"),
        ("data/dangling", {"data/dangling": "none"}, "data/none"),
        ("data/loop", {"data/loop": "loop"}, None),
        ("data/out", {}, "data/out"),
        ("data/module/mod.py", {"data/module": "../pkg"}, "pkg/mod.py"),
    ],
)
def test_links_on_the_way_are_recorded(tree: Path, relative: str, links: dict[str, str], path: str | None) -> None:
    found = follow_links(tree, relative, "app", lambda _: False)
    assert (found.links, found.path) == (links, path)
    assert found.outside == ((relative,) if relative == "data/out" else ())


def test_a_link_with_modules_below_stays_a_directory(tree: Path) -> None:
    found = follow_links(tree, "data/module/mod.py", "app", lambda path: path == "data/module")
    assert (found.links, found.path, found.outside) == ({}, "data/module/mod.py", ())
