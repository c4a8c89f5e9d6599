"""Explanations cover what they name, and those that cover nothing are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpython.explained import Explanation, explain, load_explanations, stale, unexplained
from cpython.outcome import Outcome
from pypkg_core.errors import PypkgError

STATIC, DYNAMIC = "py313-linuxstatic-x64", "py313-linux-x64"
REASON = "musl does it differently"


def _row(*tests: str, targets: tuple[str, ...] = ("*",), message: str = "*", sometimes: bool = False) -> Explanation:
    return Explanation(reason=REASON, tests=tests, targets=targets, message=message, sometimes=sometimes)


def _outcome(name: str, *failed: str, message: str = "AssertionError: 1 != 2") -> Outcome:
    return Outcome(name=name, passed=1, failed=dict.fromkeys(failed, message))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (_row("test.test_os.A.test_x"), REASON),
        (_row("test.test_os.A.*"), REASON),
        (_row("test.test_io.*", "test.test_os.*"), REASON),
        (_row("test.test_os.A.test_y"), None),
        (_row("test.test_os"), None),
        (_row("test.test_os.*", targets=("*-linuxstatic-*",)), REASON),
        (_row("test.test_os.*", targets=("py311-*",)), None),
        (_row("test.test_os.*", message="AssertionError: *"), REASON),
        (_row("test.test_os.*", message="OSError: *"), None),
    ],
)
def test_a_row_covers_tests_targets_and_messages_by_pattern(row: Explanation, expected: str | None) -> None:
    assert explain([row], STATIC, "test.test_os.A.test_x (i='a b')", "AssertionError: 1 != 2") == expected


def test_unexplained_failures_are_named_with_their_message() -> None:
    outcomes = [_outcome("test_os", "test.test_os.A.test_x", "test.test_os.A.test_y"), _outcome("test_io")]
    assert unexplained([_row("test.test_os.A.test_x")], STATIC, outcomes) == {
        "test.test_os.A.test_y": "AssertionError: 1 != 2"
    }


def test_a_pattern_that_explains_nothing_is_stale() -> None:
    outcomes = [_outcome("test_os", "test.test_os.A.test_x")]
    rows = [_row("test.test_os.A.test_x", "test.test_os.A.test_y", "test.test_io.*")]
    assert [pattern for pattern, _ in stale(rows, STATIC, outcomes, complete=True)] == [
        "test.test_os.A.test_y",
        "test.test_io.*",
    ]


def test_a_pattern_whose_message_no_longer_occurs_is_stale() -> None:
    outcomes = [_outcome("test_os", "test.test_os.A.test_x")]
    rows = [_row("test.test_os.A.test_x", message="OSError: *")]
    assert list(stale(rows, STATIC, outcomes, complete=True)) == [("test.test_os.A.test_x", REASON)]


def test_only_what_ran_is_judged() -> None:
    rows = [_row("test.test_os.A.*"), _row("test.test_osx.*"), _row("test.*.B.*"), _row("test.test_os")]
    judged = [pattern for pattern, _ in stale(rows, STATIC, [_outcome("test_os")], complete=False)]
    assert judged == ["test.test_os.A.*", "test.test_os"]


def test_what_fails_sometimes_or_on_another_target_is_not_stale() -> None:
    rows = [_row("test.test_os.*", sometimes=True), _row("test.test_os.*", targets=(DYNAMIC,))]
    assert list(stale(rows, STATIC, [_outcome("test_os")], complete=True)) == []
    assert len(list(stale(rows, DYNAMIC, [_outcome("test_os")], complete=True))) == 1


def test_what_was_skipped_is_not_stale() -> None:
    """Tests that are skipped for root fail for an ordinary user, of whom the row is."""
    skipped = Outcome(name="test_os", passed=1, failed={}, skipped={"test.test_os.A.test_x": "root"})
    rows = [_row("test.test_os.A.*", "test.test_os.B.*")]
    assert [pattern for pattern, _ in stale(rows, STATIC, [skipped], complete=True)] == ["test.test_os.B.*"]


def test_an_unknown_key_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "explained.toml"
    file.write_text('[[explained]]\nreason = "a"\ntests = ["b"]\ntarget = ["c"]\n')
    with pytest.raises(PypkgError, match=r"explained\[0\]\.target: unknown key"):
        load_explanations(file)
