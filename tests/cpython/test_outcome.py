"""Outcomes are read from what a file recorded and from how its process ended."""

from __future__ import annotations

import json
from pathlib import Path

from cpython.outcome import Outcome, load_outcome, read_outcome, store_outcome


def _read(
    folder: Path, *lines: tuple[str, str, str], exit_code: int | None = 0, log: str = "", rest: str = ""
) -> Outcome:
    """Return the outcome of ``test_os`` for lines of (test, outcome, message)."""
    record, output = folder / "record", folder / "log"
    texts = [json.dumps({"test": test, "outcome": word, "message": message}) for test, word, message in lines]
    record.write_text("\n".join([*texts, rest]))
    output.write_text(log)
    return read_outcome("test_os", record, output, exit_code)


def test_cases_and_subtests_are_counted_once(tmp_path: Path) -> None:
    outcome = _read(
        tmp_path,
        ("test.test_os.A.test_x", "started", ""),
        ("test.test_os.A.test_x (i=1)", "passed", ""),
        ("test.test_os.A.test_x (i=2)", "failed", "ValueError: 2"),
        ("test.test_os.A.test_y", "passed", ""),
        ("test.test_os.A.test_y", "passed", ""),
        ("test.test_os.A.test_z", "skipped", "no z here"),
        exit_code=2,
    )
    assert outcome.passed == 2
    assert outcome.failed == {"test.test_os.A.test_x (i=2)": "ValueError: 2"}
    assert outcome.skipped == {"test.test_os.A.test_z": "no z here"}


def test_a_test_that_passes_and_then_fails_has_failed(tmp_path: Path) -> None:
    outcome = _read(tmp_path, ("test.a", "passed", ""), ("test.a", "failed", "in its cleanup"), exit_code=2)
    assert (outcome.passed, list(outcome.failed)) == (0, ["test.a"])


def test_the_name_of_a_fixture_begins_with_its_module(tmp_path: Path) -> None:
    outcome = _read(tmp_path, ("setUpClass (test.test_os.A)", "failed", "OSError: no"), exit_code=2)
    assert outcome.failed == {"test.test_os.A.setUpClass": "OSError: no"}


def test_a_crash_names_what_ran_and_what_was_printed_last(tmp_path: Path) -> None:
    lines = [("test.a", "started", ""), ("test.a", "failed", "no"), ("test.b", "started", "")]
    outcome = _read(tmp_path, *lines, exit_code=-11, log="first\nFatal Python error\n")
    assert outcome.failed == {"test.a": "no", "test.test_os": "exit code -11 in test.b: first / Fatal Python error"}


def test_what_takes_too_long_has_failed(tmp_path: Path) -> None:
    outcome = _read(tmp_path, ("test.a", "passed", ""), ("test.b", "started", ""), exit_code=None, rest='{"test": ')
    assert outcome.passed == 1
    assert outcome.failed == {"test.test_os": "too long in test.b: "}


def test_a_file_that_cannot_be_imported_has_failed(tmp_path: Path) -> None:
    log = _log(
        tmp_path, "Traceback (most recent call last):\n  import x\nImportError: no x\n1 test failed:\nResult: FAILURE"
    )
    outcome = read_outcome("test.test_asyncio.test_sslproto", tmp_path / "none", log, 2)
    assert outcome.failed == {"test.test_asyncio.test_sslproto": "exit code 2: ImportError: no x"}


def test_a_file_that_skips_itself_says_why(tmp_path: Path) -> None:
    log = _log(tmp_path, "[1/1] test_winreg\ntest_winreg skipped -- No module named 'winreg'\n1 test skipped:")
    outcome = read_outcome("test_winreg", tmp_path / "none", log, 4)
    assert outcome.skipped == {"test.test_winreg": "test_winreg skipped -- No module named 'winreg'"}


def test_a_stored_outcome_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "test_os.json"
    assert load_outcome(file) is None
    outcome = Outcome(name="test_os", passed=3, failed={"a": "é\ud800"}, skipped={"b": "c"}, seconds=4)
    store_outcome(outcome, file)
    assert load_outcome(file) == outcome


def _log(folder: Path, text: str) -> Path:
    file = folder / "log"
    file.write_text(text)
    return file
