"""Patches apply exactly, or not at all."""

from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_forge.data import data_dir
from pypkg_forge.sources.patching import apply_patches, parse_patch, patch_files

PATCH = """\
Say more.

--- a/pkg/a.py
+++ b/pkg/a.py
@@ -2,3 +2,4 @@
 two
-three
+THREE
+three and a half
 four
@@ -8 +9 @@
-eight
+EIGHT
"""
LINES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", ""]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    return tmp_path


def apply(tree: Path, lines: list[str], patch: str = PATCH) -> str:
    (tree / "pkg" / "a.py").write_text("\n".join(lines))
    file = tree / "0001-say-more.patch"
    file.write_text(patch)
    apply_patches(tree, [file])
    return (tree / "pkg" / "a.py").read_text()


def test_hunks_apply_where_they_say(tree: Path) -> None:
    wanted = "one\ntwo\nTHREE\nthree and a half\nfour\nfive\nsix\nseven\nEIGHT\nnine\n"
    assert apply(tree, LINES) == wanted


def test_a_hunk_may_have_moved_if_it_is_alone(tree: Path) -> None:
    assert apply(tree, ["zero", *LINES]).startswith("zero\none\ntwo\nTHREE\n")


@pytest.mark.parametrize(
    "lines",
    [
        [line.replace("two", "TWO") for line in LINES],  # context differs
        LINES[:2],  # too short
        ["x", *LINES[:5], *LINES],  # moved, and in two places
    ],
)
def test_what_does_not_fit_is_refused(tree: Path, lines: list[str]) -> None:
    with pytest.raises(PypkgError, match=r"0001-say-more.patch does not apply to pkg/a.py: the lines of hunk 1"):
        apply(tree, lines)


def test_a_missing_file_is_named(tree: Path) -> None:
    with pytest.raises(PypkgError, match=r"cannot read pkg/b.py"):
        apply(tree, LINES, PATCH.replace("a.py", "b.py"))


@pytest.mark.parametrize("text", ["no change\n", PATCH[: PATCH.index(" four")], "@@ -1 +1 @@\n-a\n+b\n"])
def test_a_malformed_patch_is_refused(tree: Path, text: str) -> None:
    with pytest.raises(PypkgError):
        parse_patch(text, tree / "x.patch")


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(PypkgError, match="is missing"):
        patch_files(tmp_path / "3.99")
    (tmp_path / "0001-a.patch").touch()
    (tmp_path / "0001-b.patch").touch()
    with pytest.raises(PypkgError, match="one number"):
        patch_files(tmp_path)
    (tmp_path / "0001-b.patch").rename(tmp_path / "notes.txt")
    with pytest.raises(PypkgError, match="not named like a patch"):
        patch_files(tmp_path)


def test_our_patches_are_in_the_table_and_give_a_reason() -> None:
    table = (data_dir("patches") / "README.md").read_text(encoding="utf-8")
    for series in ("3.11", "3.13"):
        for path in patch_files(data_dir("patches") / series):
            assert path.stem in table
            text = path.read_text(encoding="utf-8")
            assert parse_patch(text, path)
            assert len(text.split("\n--- a/")[0].strip()) > 20
