"""Patches apply exactly, apart from line numbers, or not at all."""

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


def apply(tree: Path, lines: list[str], patch: str = PATCH, *, log: list[str] | None = None) -> str:
    (tree / "pkg" / "a.py").write_text("\n".join(lines))
    file = tree / "0001-say-more.patch"
    file.write_text(patch)
    logged = apply_patches(tree, [file])
    assert log is None or log == logged
    return (tree / "pkg" / "a.py").read_text()


def test_hunks_apply_where_they_say(tree: Path) -> None:
    wanted = "one\ntwo\nTHREE\nthree and a half\nfour\nfive\nsix\nseven\nEIGHT\nnine\n"
    assert apply(tree, LINES, log=["0001-say-more.patch: pkg/a.py"]) == wanted


def test_a_hunk_may_have_moved_if_it_is_alone(tree: Path) -> None:
    offset = "hunk 1 with an offset of +1 lines"
    log = [f"0001-say-more.patch: pkg/a.py, {offset}"]
    assert apply(tree, ["zero", *LINES], log=log).startswith("zero\none\ntwo\nTHREE\n")
    log = [f"0001-say-more.patch: pkg/a.py, {offset}, hunk 2 with an offset of -2 lines"]
    shorter = ["zero", *LINES[:4], *LINES[6:]]
    assert apply(tree, shorter, log=log) == "zero\none\ntwo\nTHREE\nthree and a half\nfour\nseven\nEIGHT\nnine\n"


@pytest.mark.parametrize(
    "lines",
    [
        [line.replace("two", "TWO") for line in LINES],  # context differs
        LINES[:2],  # too short
        ["x", *LINES[:5], *LINES],  # moved, and found twice
    ],
)
def test_what_does_not_fit_is_refused(tree: Path, lines: list[str]) -> None:
    message = r"0001-say-more.patch does not apply to pkg/a.py: expected the lines of hunk 1"
    with pytest.raises(PypkgError, match=message):
        apply(tree, lines)


def test_a_missing_file_is_named(tree: Path) -> None:
    with pytest.raises(PypkgError, match=r"cannot read pkg/b.py"):
        apply(tree, LINES, PATCH.replace("a.py", "b.py"))


@pytest.mark.parametrize("text", ["no change\n", PATCH[: PATCH.index(" four")], "@@ -1 +1 @@\n-a\n+b\n"])
def test_a_malformed_patch_is_refused(tree: Path, text: str) -> None:
    with pytest.raises(PypkgError):
        parse_patch(text, tree / "x.patch")


def test_a_series_adds_to_the_common_patches_and_overrides_them(tmp_path: Path) -> None:
    for name in ("common/0001-a", "common/0002-b", "3.98/0003-c", "3.99/0002-other", "3.99/0004-d"):
        (tmp_path / f"{name}.patch").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.patch").touch()

    def found(series: str) -> list[str]:
        return [path.relative_to(tmp_path).with_suffix("").as_posix() for path in patch_files(tmp_path, series)]

    assert found("3.98") == ["common/0001-a", "common/0002-b", "3.98/0003-c"]
    assert found("3.99") == ["common/0001-a", "3.99/0002-other", "3.99/0004-d"]


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(PypkgError, match=r"no patches for Python 3\.99: .* is missing"):
        patch_files(tmp_path, "3.99")
    folder = tmp_path / "3.99"
    folder.mkdir()
    (folder / "0001-a.patch").touch()
    (folder / "0001-b.patch").touch()
    with pytest.raises(PypkgError, match="one number"):
        patch_files(tmp_path, "3.99")
    (folder / "0001-b.patch").rename(folder / "notes.txt")
    with pytest.raises(PypkgError, match="has an invalid patch name"):
        patch_files(tmp_path, "3.99")


def test_our_patches_are_in_the_table_and_give_a_reason() -> None:
    root = data_dir("patches")
    rows = [line for line in (root / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `0")]
    described = {row.split("`")[1]: row.split("|")[2].strip() for row in rows}
    found: dict[str, list[str]] = {}
    for folder in sorted(path for path in root.iterdir() if path.name == "common" or path.name.startswith("3.")):
        for path in sorted(folder.iterdir()):
            found.setdefault(path.stem, []).append(folder.name)
            text = path.read_text(encoding="utf-8")
            assert parse_patch(text, path)
            assert len(text.split("\n--- a/")[0].strip()) > 20
    assert {name: ", ".join(folders) for name, folders in found.items()} == described
