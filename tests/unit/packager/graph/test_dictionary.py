"""Entries of the dictionary."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.graph.dictionary import DIRECTORY, Dictionary, development_tools, load_dictionary
from pypkg.project.dictionary_entry import DictionaryEntry as Entry
from pypkg_core.errors import PypkgError
from pypkg_core.patterns import Patterns


def test_every_shipped_entry_is_valid() -> None:
    assert set(load_dictionary()) == {path.stem for path in DIRECTORY.glob("*.toml")}


def test_the_development_tools_are_named() -> None:
    assert {"pytest", "setuptools"} <= development_tools()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hidden = []", "demo.toml: hidden: unknown key"),
        ("assets = [1]", r"demo.toml: assets\[0\]: expected a string, got 1"),
        ("log = []", "demo.toml: log: expected a string"),
        ("= 1", r"demo\.toml"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "demo.toml").write_text(text)
    with pytest.raises(PypkgError, match=message):
        load_dictionary(tmp_path)


def test_overrides_and_disabled_entries() -> None:
    shipped = {"a-b": Entry(log="one", hidden_imports=("x",)), "c": Entry(log="two")}
    assert Dictionary(shipped).entry("A_b").log == "one"
    assert Dictionary(shipped, disabled=["A.B"]).entry("a-b") == Entry()
    assert Dictionary(shipped, disabled=["*"]).entry("c") == Entry()
    assert Dictionary(shipped, disabled=["*"], overrides={"C": {"log": "mine"}}).entry("c").log == "mine"


def test_an_override_replaces_only_the_keys_it_sets() -> None:
    shipped = {"a": Entry(log="one", hidden_imports=("x",), excludes=Patterns(("a/include",)))}
    changed = Dictionary(shipped, overrides={"A": {"hidden_imports": ("y",)}}).entry("a")
    assert changed == Entry(log="one", hidden_imports=("y",), excludes=Patterns(("a/include",)))
