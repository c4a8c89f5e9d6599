"""Folders of tests: those called ``test`` or ``tests`` that hold a file which pytest takes for tests by its name.

The name of a folder alone proves nothing: packages keep code that they need in folders called ``test``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

__all__ = ["folders_of_tests", "in_folders"]

# pytest's default for `python_files`, and its file of fixtures (docs.pytest.org/en/stable/reference/reference.html).
_TESTS: Final = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.pyc?$")
_NAMES: Final = frozenset({"test", "tests"})


def folders_of_tests(files: Iterable[str]) -> frozenset[str]:
    """Return the folders of tests among files.

    Args:
        files: paths with ``/`` between names.
    """
    found = set()
    for file in files:
        if "test" in file and _TESTS.search(file) is not None:
            parts = file.split("/")[:-1]
            # The innermost: a package called `test` may keep its own tests in a folder below it.
            depth = max((number for number, part in enumerate(parts, 1) if part in _NAMES), default=0)
            if depth:
                found.add("/".join(parts[:depth]))
    return frozenset(found)


def in_folders(file: str, folders: Collection[str]) -> bool:
    """Return whether a file is in one of the folders, or below it."""
    return bool(folders) and any(file[:place] in folders for place in _slashes(file))


def _slashes(file: str) -> Iterable[int]:
    return (place for place, letter in enumerate(file) if letter == "/")
