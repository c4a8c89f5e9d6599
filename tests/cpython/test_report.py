"""The page counts what ran, and names each reason once."""

from __future__ import annotations

from dataclasses import replace

from cpython.explained import Explanation
from cpython.outcome import Outcome
from cpython.report import NOT_EXPLAINED, Result, document

OUTCOMES = [
    Outcome(name="test_os", passed=1200, failed={"test.test_os.A.x": "", "test.test_os.A.y": ""}),
    Outcome(name="test.test_asyncio.test_events", passed=30, failed={"test.test_asyncio.test_events.B.x": ""}),
    Outcome(name="test_winreg", skipped={"test.test_winreg": "No module named 'winreg'"}),
]


def test_the_page_has_a_row_for_each_target_and_for_each_reason() -> None:
    rows = [Explanation(reason="It differs.", tests=("test.test_os.A.*",))]
    results = [
        Result(target="py313-linux-x64", release="3.13.15", outcomes=OUTCOMES, complete=True),
        Result(target="py311-linux-x64", release="3.11.2", outcomes=OUTCOMES[:1], complete=False),
    ]
    page = document(results, rows, file="page.md").splitlines()
    assert "Written by `python tests/cpython/run.py --write page.md py313-linux-x64 --guard py311-linux-x64`." in page
    assert "| py313-linux-x64 | 3.13.15 | all 3 | 1,230 | 3 | 1 |" in page
    assert "| py311-linux-x64 | 3.11.2 | 1 of the default run | 1,200 | 2 | 0 |" in page
    start = page.index("## py313-linux-x64")
    assert page[start + 4 : start + 6] == [
        "| 2 | It differs. | test_os 2 |",
        f"| 1 | {NOT_EXPLAINED} | test_asyncio.test_events 1 |",
    ]
    assert "| test_winreg | 0 | 0 | 1 |" in page


def test_a_page_is_written_again_for_some_of_its_targets() -> None:
    first, second, third = (
        Result(target=target, release="3.13.15", outcomes=OUTCOMES, complete=target != "py311-linux-x64")
        for target in ("py313-linux-x64", "py311-linux-x64", "py314-linux-x64")
    )
    former = document([first, second], [], file="page.md")
    assert document([second], [], file="page.md", former=former) == former
    less = replace(second, outcomes=OUTCOMES[:1])
    page = document([third, less], [], file="page.md", former=former)
    assert page == document([first, less, third], [], file="page.md")
