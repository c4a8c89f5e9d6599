"""Sections of docs/benchmarks.md: each script rewrites its own."""

from __future__ import annotations

import pytest
from report import put_section

PAGE = "# Top\n\nold\n\n## Second\n\n```sh\n# a comment\n## Third\n```\nrest\n\n### Third\n\nlast\n"


@pytest.mark.parametrize(
    ("section", "page"),
    [
        ("# Top\n\nnew\n", PAGE.replace("old", "new")),
        ("## Second\n\nnew\n", "# Top\n\nold\n\n## Second\n\nnew\n\n### Third\n\nlast\n"),
        ("### Third\n\nnew\n", PAGE.replace("last", "new")),
        ("### Fourth\n\nnew\n", PAGE + "\n### Fourth\n\nnew\n"),
        ("## Third\n\nnew\n", PAGE + "\n## Third\n\nnew\n"),
    ],
    ids=["first", "with code", "last", "new", "a heading in code"],
)
def test_a_section_is_replaced_or_appended(section: str, page: str) -> None:
    assert put_section(PAGE, section) == page
    assert put_section(page, section) == page


def test_an_empty_page_becomes_the_section() -> None:
    assert put_section("", "# Top\n") == "# Top\n"
