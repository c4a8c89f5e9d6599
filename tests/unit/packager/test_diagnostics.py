"""Diagnostics as values, and how they are printed."""

from __future__ import annotations

import pytest

from pypkg.diagnostics import Diagnostic, Diagnostics, Severity
from pypkg.messages import Messages


def filled() -> Diagnostics:
    diagnostics = Diagnostics()
    diagnostics.detail("not followed", file="b.py", line=2)
    diagnostics.warning("cannot find module 'x'", file="a.py", line=10)
    diagnostics.warning("cannot find module 'y'", file="a.py", line=9, hint="install it")
    diagnostics.notice("z: left out")
    diagnostics.warning("cannot find module 'x'", file="a.py", line=10)
    return diagnostics


def test_each_is_kept_once_in_order() -> None:
    diagnostics = filled()
    assert len(diagnostics) == 4
    assert [item.severity.name for item in diagnostics] == ["DETAIL", "WARNING", "WARNING", "NOTICE"]
    again = Diagnostics(diagnostics)
    again.extend(diagnostics)
    assert list(again) == list(diagnostics)
    assert [item.text for item in diagnostics.of(Severity.NOTICE)] == ["z: left out"]


def test_lines_are_sorted_as_numbers() -> None:
    assert [str(item) for item in filled().by_location()] == [
        "z: left out",
        "a.py:9: cannot find module 'y'; install it",
        "a.py:10: cannot find module 'x'",
        "b.py:2: not followed",
    ]


def test_those_without_a_location_keep_their_order() -> None:
    diagnostics = Diagnostics()
    for text in ("b", "a", "c"):
        diagnostics.notice(text)
    assert [item.text for item in diagnostics.by_location()] == ["b", "a", "c"]


def test_a_file_without_a_line() -> None:
    assert str(Diagnostic(severity=Severity.DETAIL, text="missing", file="data/x")) == "data/x: missing"


@pytest.mark.parametrize("debug", [False, True])
def test_they_are_printed_by_severity(capsys: pytest.CaptureFixture[str], debug: bool) -> None:
    Messages(debug=debug).show(filled())
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [
        "> Warning a.py:10: cannot find module 'x'",
        "> Warning a.py:9: cannot find module 'y'; install it",
        "> z: left out",
        *(["> b.py:2: not followed"] if debug else []),
    ]
    assert captured.err.splitlines() == lines
