"""Adding to the lists of a configuration."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from pypkg.project.saving import add_to_toml, save_settings
from pypkg_core.errors import UsageError


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[project]\nname = "a"',
        "[tool.pypkg]\n",
        "[tool.pypkg]",
        '[tool.pypkg]  # ours\npublic = true\n[other]\nassets = ["z"]\n',
        '[tool.pypkg]\nassets = []\n[other]\nassets = ["z"]\n',
        "[tool.pypkg]\nassets = [\"a]\", 'b']\n",
        '[tool.pypkg]\nassets = [\n    "a",\n    "b",  # a comment ]\n]\n',
        '[tool.pypkg]\nassets = [{ from = "../x", to = "y" }, "c"]\n',
        '[tool.pypkg.dictionary]\ndisable = ["*"]\n',
    ],
)
def test_items_are_added_and_nothing_else_changes(text: str) -> None:
    before = tomllib.loads(text)
    table = before.setdefault("tool", {}).setdefault("pypkg", {})
    table["assets"] = [*table.get("assets", []), 'new "one"', "two"]
    table["hidden-imports"] = ["m"]
    changed = add_to_toml(text, "tool.pypkg", {"assets": ['new "one"', "two"], "hidden-imports": ["m"]})
    assert tomllib.loads(changed) == before
    assert [line for line in text.splitlines() if "#" in line] == [line for line in changed.splitlines() if "#" in line]


def test_files_of_pypkg_alone(tmp_path: Path) -> None:
    own, document = tmp_path / "own.toml", tmp_path / "own.json"
    own.write_text('public = true\n[dictionary]\ndisable = ["*"]\n')
    document.write_text('{"pypkg": {"assets": ["a"]}}')
    for file in (own, document):
        save_settings(file, {"assets": ["b"]})
    assert tomllib.loads(own.read_text())["assets"] == ["b"]
    assert json.loads(document.read_text()) == {"pypkg": {"assets": ["a", "b"]}}


def test_a_form_that_is_not_changed_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    text = "tool = { pypkg = { public = true } }\n"
    file.write_text(text)
    with pytest.raises(UsageError, match="Add by hand"):
        save_settings(file, {"assets": ["a"]})
    assert file.read_text() == text
