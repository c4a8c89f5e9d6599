"""Editing the tables as text: what cannot be read again as it was meant is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_forge.sources.pins import Pin
from pypkg_forge.sources.updates.edit import edit_tables, unified_diff
from pypkg_forge.sources.updates.tables import Tables, load_tables, release_of
from unit.forge.sources.updates.origins import SOURCES, TARGETS, digest, write_tables


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_tables(tmp_path / "tables")


def load(file: Path) -> Tables:
    return load_tables(file, file.parent)


def pin(version: str = "3.13.20") -> Pin:
    name = f"Python-{version}.tar.xz"
    return Pin(name="python", version=version, file=name, sha256=digest(name), size=7, urls=("https://x",), licence="M")


def test_without_rows_nothing_is_edited(file: Path) -> None:
    assert edit_tables(load(file), []) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (pin("3.13.5"), "python 3.13.5 is defined twice"),
        (replace(pin(), sha256=digest("openssl-3.5.7.tar.gz")), "is defined twice"),
        (replace(pin(), note='a "quote"'), "has a character that would need an escape"),
        (replace(pin(), licence="two\nlines"), "has a character that would need an escape"),
        (replace(pin(), name="mystery"), "it has no pin of mystery"),
        (pin("3.19.1"), "it has no pin of python"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(file: Path, row: Pin, words: str) -> None:
    with pytest.raises(PypkgError, match=words):
        edit_tables(load(file), [row])
    assert file.read_text() == SOURCES


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        # Valid, but not what the editor looks for: it would put the new text into a string, or finds nothing.
        ("targets.toml", 'name = "312"', "name = '''\n[[versions]]\npins = [\n'''"),
        ("sources.toml", '\nlicence = "MIT"\n', "\nlicence = '''\n[[sources]]\n'''\n"),
        ("targets.toml", "pins = [\n", "'pins' = [\n"),
        ("sources.toml", "[[sources]]\n", "[[ sources ]]\n"),
    ],
)
def test_a_table_that_the_editor_does_not_understand_is_refused(file: Path, name: str, old: str, new: str) -> None:
    path = file.parent / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    before = {entry: entry.read_text() for entry in (file, file.parent / "targets.toml")}
    with pytest.raises(PypkgError, match="Cannot"):
        edit_tables(load(file), [pin()])
    assert {entry: entry.read_text() for entry in before} == before


def test_the_diff_of_both_files(file: Path) -> None:
    diff = unified_diff(edit_tables(load(file), [pin()]))
    assert diff.count("\n--- a/") == 1
    assert diff.startswith("--- a/")
    assert '+    "3.13.20", "3.13.16",  # the newest\n' in diff
    assert TARGETS.splitlines()[0] not in diff


@pytest.mark.parametrize(
    ("debian", "release"),
    [
        ("1.5.7", "1.5.7"),
        ("1.5.7+dfsg", "1.5.7"),
        ("1.5.4+dfsg2", "1.5.4"),
        ("1.2.13.dfsg", "1.2.13"),
        ("1.3.dfsg+really1.3.1", "1.3.1"),
        ("6.5+20250216", "6.5+20250216"),
        ("3.1-20260512", "3.1-20260512"),
        ("2.0~ds", "2.0"),
    ],
)
def test_the_release_in_a_version_of_debian(debian: str, release: str) -> None:
    assert release_of(debian) == release
