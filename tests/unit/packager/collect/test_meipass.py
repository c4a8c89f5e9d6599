"""The folder of links that programs written for PyInstaller look into."""

from __future__ import annotations

from pypkg.collect.meipass import meipass_links

ROOTS = ("notes/src", "notes", "site-packages")


def test_projects_and_distributions_stand_side_by_side() -> None:
    paths = {"notes/src/app.py", "notes/data/a.txt", "site-packages/fonts/__init__.py", "lib/other.txt"}
    assert meipass_links(paths, ROOTS) == {
        "_MEIPASS/app.py": "../notes/src/app.py",
        "_MEIPASS/src": "../notes/src",
        "_MEIPASS/data": "../notes/data",
        "_MEIPASS/fonts": "../site-packages/fonts",
    }


def test_folders_of_one_name_are_merged_and_the_first_file_counts() -> None:
    paths = {
        "notes/data/own.txt",
        "notes/data/both.txt",
        "notes/data/deep/own.txt",
        "site-packages/data/both.txt",
        "site-packages/data/theirs.txt",
        "site-packages/data/deep",
        "site-packages/README",
        "notes/README",
    }
    assert meipass_links(paths, ROOTS) == {
        "_MEIPASS/README": "../notes/README",
        "_MEIPASS/data/own.txt": "../../notes/data/own.txt",
        "_MEIPASS/data/both.txt": "../../notes/data/both.txt",
        "_MEIPASS/data/deep": "../../notes/data/deep",
        "_MEIPASS/data/theirs.txt": "../../site-packages/data/theirs.txt",
    }
