"""The outcome of one test file: from what it recorded and how its process ended; stored as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pypkg_core.atomic import atomic_write

__all__ = ["Outcome", "load_outcome", "module_of", "read_outcome", "store_outcome"]

# Exit codes of regrtest: passed; failed; the environment was changed, which is no failure here; no test ran.
_PASSED, _FAILED, _CHANGED, _NONE_RAN = 0, 2, 3, 4
# What unittest calls the failure of a fixture: "setUpClass (test.test_os.ForkTests)".
_FIXTURE = re.compile(r"(?P<fixture>(?:setUp|tearDown)(?:Class|Module)) \((?P<owner>[^)]*)\)")
# The last line of a traceback: "ModuleNotFoundError: No module named 'ensurepip'".
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit): ")
_SKIPPED = re.compile(r"\bskipped (?:--|\()")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The result of one test file.

    Attributes:
        name: the file: ``test_os``, ``test.test_asyncio.test_events``.
        passed: the number of test cases and subtests that passed.
        failed: test case -> message. A file that crashed, hung or cannot be imported has its module as a test case.
        skipped: test case -> reason; a file that skips itself has its module.
        seconds: how long it took.
    """

    name: str
    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: int = 0


def module_of(name: str) -> str:
    """Return the module of a test file, which the names of its test cases begin with."""
    return name if name.startswith("test.") else f"test.{name}"


def read_outcome(name: str, record: Path, log: Path, exit_code: int | None, *, seconds: int = 0) -> Outcome:
    """Return the outcome of a process that has ended.

    Args:
        name: the test file.
        record: lines of JSON, as ``program.py`` writes them; missing if it did not get so far.
        log: what the process printed.
        exit_code: negative after a signal, ``None`` if the process took too long.
        seconds: how long it took.
    """
    lines = _lines(record)
    failed = {_case(line["test"]): line["message"] for line in lines if line["outcome"] == "failed"}
    skipped = {_case(line["test"]): line["message"] for line in lines if line["outcome"] == "skipped"}
    passed = {_case(line["test"]) for line in lines if line["outcome"] == "passed"} - failed.keys() - skipped.keys()
    if exit_code not in {_PASSED, _CHANGED, _NONE_RAN} and not (exit_code == _FAILED and failed):
        end = "too long" if exit_code is None else f"exit code {exit_code}"
        failed[module_of(name)] = f"{end}{_last_started(lines)}: {_tail(log)}"
    elif not passed and not failed and not skipped:
        skipped[module_of(name)] = _skip_reason(log)
    return Outcome(name=name, passed=len(passed), failed=failed, skipped=skipped, seconds=seconds)


def store_outcome(outcome: Outcome, file: Path) -> None:
    """Write an outcome, complete or not at all."""
    with atomic_write(file) as stream:
        stream.write(json.dumps(asdict(outcome), indent=1, sort_keys=True).encode())


def load_outcome(file: Path) -> Outcome | None:
    """Return a stored outcome, ``None`` if there is none."""
    return Outcome(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def _lines(record: Path) -> list[dict[str, str]]:
    if not record.exists():
        return []
    lines = []
    for text in record.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:  # the process was killed while it wrote, or a forked child of a test wrote at the same time
            continue
    return lines


def _case(test: str) -> str:
    """Return the name of a test case with its module first, also of a fixture."""
    fixture = _FIXTURE.fullmatch(test)
    return f"{fixture['owner']}.{fixture['fixture']}" if fixture else test


def _last_started(lines: Iterable[dict[str, str]]) -> str:
    started = [line["test"] for line in lines if line["outcome"] == "started"]
    return f" in {started[-1]}" if started else ""


def _tail(log: Path) -> str:
    """Return the error that the last traceback ends with, else the last lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    errors = [line for line in lines if _ERROR.match(line)] if any("Traceback (most" in line for line in lines) else []
    return errors[-1] if errors else " / ".join(lines[-8:])


def _skip_reason(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return next((line for line in lines if _SKIPPED.search(line)), "no test ran")
