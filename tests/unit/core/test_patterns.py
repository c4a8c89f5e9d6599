"""The glob grammar: matching paths and finding files agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg_core.patterns import Patterns, tree_items


@pytest.mark.parametrize(
    ("path", "patterns", "expected"),
    [
        ("a/b.txt", ["a/*.txt"], True),
        ("a/c/b.txt", ["a/*.txt"], False),
        ("a/c/d/b.txt", ["a/**/*.txt"], True),
        ("a/b.txt", ["a/**/*.txt"], True),
        ("a/.hidden", ["a/*"], True),
        ("a/b/c", ["a/b"], True),
        ("a/b/c", ["./a/b/"], True),
        ("a/bc", ["a/b"], False),
        ("a/b", ["a/?"], True),
        ("a/bc", ["a/?"], False),
        ("a/b/c", ["a/**"], True),
        ("a", ["a/**"], False),
        ("b/a/c", ["**/a/**"], True),
        ("a/b/c", ["."], True),
        ("a/b/c", ["**"], True),
        ("a/b/c", ["a/**", "!a/b"], False),
        ("a/b/c", ["a/**", "!a/b", "a/b/c"], True),
        ("a/b/c", ["!a/b", "a/**"], True),
        ("a/b/c", ["!a/b"], False),
        ("data/a.txt", ["data/[a].txt"], True),
        ("data/[a].txt", ["data/[a].txt"], False),
        ("data/[a].txt", ["data/[[]a].txt"], True),
        ("data/b.txt", ["data/[a-c].txt"], True),
        ("data/b.txt", ["data/[!a-c].txt"], False),
        ("data/].txt", ["data/[]x].txt"], True),
        ("data/[.txt", ["data/[.txt"], True),
        ("data/b", ["data[!a]b"], False),
        ("a\\b+(c)", ["a\\b+(*)"], True),
        ("a\nb", ["a*"], True),
        ("A/b", ["a/b"], False),
        ("../x", ["*", "**", "."], False),
        ("../x/y", ["../x"], True),
        ("data/x.map", ["data/*.map", "!data/keep.map"], True),
        ("data/keep.map", ["data/*.map", "!data/keep.map"], False),
    ],
)
def test_matching(path: str, patterns: list[str], expected: bool) -> None:
    assert Patterns.of(patterns).matches(path) is expected


def test_an_empty_list_selects_nothing(tmp_path: Path) -> None:
    assert not Patterns()
    assert not Patterns().matches("a")
    assert Patterns().expand(tmp_path).files == ()


@pytest.mark.parametrize("text", ["/etc/hosts", "!/etc/hosts"])
def test_an_absolute_pattern_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected a relative pattern"):
        Patterns.of([text])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    names = ("a/x.txt", "a/b/y.txt", "a/.hidden/z.txt", "a/.dot", "c/x.txt", "data/[a].txt", "data/a.txt")
    for name in (*names, "data/x.map", "data/keep.map"):
        (tmp_path / "top" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "top" / name).write_text("")
    (tmp_path / "top" / "a" / "empty").mkdir()
    (tmp_path / "top" / "l").symlink_to("a")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "z.txt").write_text("")
    return tmp_path / "top"


def names(tree: Path, *patterns: str, ignore: tuple[str, ...] = ()) -> list[str]:
    files = Patterns.of(patterns).expand(tree, ignore=Patterns.of(ignore)).files
    return [file.relative_to(tree).as_posix() for file in files]


def test_expanding(tree: Path) -> None:
    assert names(tree, "a/**/*") == ["a/.dot", "a/.hidden/z.txt", "a/b/y.txt", "a/empty", "a/x.txt"]
    assert names(tree, "a") == names(tree, "a/**") == names(tree, "a/**/*") == names(tree, "[a]")
    assert names(tree, "**/*.txt", "!a/**", "!data") == ["c/x.txt"]
    assert names(tree, "!a/x.txt", "a/*.txt") == ["a/x.txt"]
    assert names(tree, "a/b/..", "!a/**/z.txt", "!a/empty") == ["a/.dot", "a/b/y.txt", "a/x.txt"]
    assert names(tree, "a", ignore=("**/.hidden/**", "**/y.txt", "a/empty")) == ["a/.dot", "a/x.txt"]
    assert names(tree, "l") == ["l"]
    assert names(tree, "l/*.txt") == names(tree, "?/x.txt", "!a", "!c") == ["l/x.txt"]
    assert names(tree, "l/**/y.txt") == ["l/b/y.txt"]


def test_patterns_that_match_nothing_are_reported(tree: Path) -> None:
    found = Patterns.of(["c/x.txt", "nothing/*", "!also-nothing", "c/**/q"]).expand(tree)
    assert found.unmatched == ("nothing/*", "c/**/q")


def test_a_set_means_the_same_in_assets_and_ignore(tree: Path) -> None:
    assert names(tree, "data/[a].txt") == ["data/a.txt"]
    assert names(tree, "data", ignore=("data/[a].txt",)) == ["data/[a].txt", "data/keep.map", "data/x.map"]


def test_a_negation_means_the_same_in_assets_and_ignore(tree: Path) -> None:
    assert names(tree, "data/*.map", "!data/keep.map") == ["data/x.map"]
    kept = names(tree, "data", ignore=("data/*.map", "!data/keep.map"))
    assert kept == ["data/[a].txt", "data/a.txt", "data/keep.map"]


def test_a_pattern_may_leave_the_directory(tree: Path) -> None:
    assert Patterns.of(["../beside/*"]).expand(tree).files == (tree.parent / "beside" / "z.txt",)
    assert Patterns.of(["../**/z.txt", "!../top"]).expand(tree).files == (tree.parent / "beside" / "z.txt",)
    assert Patterns.of(["../beside", "!../**/z.txt"]).expand(tree).files == ()


def test_what_is_found_is_what_matches(tree: Path) -> None:
    everything = [item.relative_to(tree).as_posix() for item in tree_items(tree)]
    for text in ("a", "*", "**", "a/**", "**/x.txt", "*/x.*", "a/*/*", "**/.*", "data/[!a]*", "."):
        patterns = Patterns.of([text])
        found = [file.relative_to(tree).as_posix() for file in patterns.expand(tree).files]
        # Plain names and wildcards before a ``**`` follow links, which a walk does not.
        assert [name for name in found if not name.startswith("l/")] == sorted(filter(patterns.matches, everything))
