"""The dictionary's entries and globs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.graph.dictionary import DIRECTORY, Dictionary, Entry, load_dictionary, matches, parse_entry
from pypkg_core.errors import UsageError


def test_every_shipped_entry_is_valid() -> None:
    assert set(load_dictionary()) == {path.stem for path in DIRECTORY.glob("*.toml")}


@pytest.mark.parametrize(
    ("table", "message"),
    [({"hidden_imports": []}, "Unknown key 'hidden_imports'"), ({"assets": [1]}, "assets"), ({"log": []}, "log")],
)
def test_a_mistake_names_its_place(table: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_entry(table, place="demo.toml")
    assert "demo.toml" in str(caught.value)


def test_unreadable_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("= 1")
    with pytest.raises(UsageError, match=r"x\.toml"):
        load_dictionary(tmp_path)


def test_overrides_and_disabled_entries() -> None:
    shipped = {"a-b": Entry(log="one"), "c": Entry(log="two")}
    assert Dictionary(shipped).entry("A_b").log == "one"
    assert Dictionary(shipped, disabled=["A.B"]).entry("a-b") == Entry()
    assert Dictionary(shipped, disabled=["*"]).entry("c") == Entry()
    assert Dictionary(shipped, disabled=["*"], overrides={"C": Entry(log="mine")}).entry("c").log == "mine"


@pytest.mark.parametrize(
    ("path", "globs", "expected"),
    [
        ("a/b.txt", ["a/*.txt"], True),
        ("a/c/b.txt", ["a/*.txt"], False),
        ("a/c/d/b.txt", ["a/**/*.txt"], True),
        ("a/b.txt", ["a/**/*.txt"], True),
        ("a/.hidden", ["a/*"], True),
        ("a/b/c", ["a/b"], True),
        ("a/bc", ["a/b"], False),
        ("a/b/c", ["a/**"], True),
        ("a/b/c", ["a/**", "!a/b"], False),
    ],
)
def test_globs(path: str, globs: list[str], expected: bool) -> None:
    assert matches(path, globs) is expected
