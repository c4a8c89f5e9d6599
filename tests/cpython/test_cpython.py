"""CPython's own tests pass in a packaged program, except for explained failures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

import pytest

from cpython.explained import load_explanations, stale, unexplained
from cpython.outcome import Outcome
from cpython.packaging import packaged_tests
from cpython.running import command_of, running
from cpython.suite import GUARD, run_target
from emulation import need_processes
from fixture_types import BaseOf
from targets import DYNAMIC, EMULATED, NEWEST, STATIC

TARGET = STATIC
# All files on these; on others those of the default run.
COMPLETE = dict.fromkeys([STATIC, DYNAMIC])
PARAMETERS = [
    *(pytest.param(target, None, marks=pytest.mark.suite, id=target) for target in COMPLETE),
    *(pytest.param(target, GUARD, marks=pytest.mark.suite, id=target) for target in NEWEST if target not in COMPLETE),
    *(pytest.param(target, GUARD, marks=pytest.mark.foreign, id=target) for target in EMULATED),
]
Outcomes = Mapping[str, Future[Outcome]]


@pytest.fixture(scope="module")
def outcomes(base_of: BaseOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """The outcome of every file of the default run."""
    with (
        packaged_tests(TARGET, base_of(TARGET)) as program,
        running(command_of(program.path), GUARD, tmp_path_factory.mktemp("cpython")) as futures,
    ):
        yield futures


@pytest.mark.base
@pytest.mark.cpython
@pytest.mark.parametrize("name", GUARD)
def test_cpython_passes_but_for_what_is_explained(name: str, outcomes: Outcomes) -> None:
    outcome = outcomes[name].result()
    rows = load_explanations()
    assert unexplained(rows, TARGET, [outcome]) == {}
    assert list(stale(rows, TARGET, [outcome], complete=False)) == []
    assert outcome.passed > 0


@pytest.mark.base
@pytest.mark.parametrize(("target", "names"), PARAMETERS)
def test_the_tests_of_a_target_pass_but_for_what_is_explained(
    target: str, names: Sequence[str] | None, base_of: BaseOf
) -> None:
    """What has been run with the same program is not run again: the results are in the cache."""
    base = base_of(target)
    need_processes(base)
    result = run_target(target, base, names, jobs=os.cpu_count() or 1, results=None, tell=print)
    rows = load_explanations()
    assert unexplained(rows, target, result.outcomes) == {}
    assert list(stale(rows, target, result.outcomes, complete=result.complete)) == []


def test_every_explanation_names_its_tests_and_a_reason() -> None:
    for row in load_explanations():
        assert row.tests
        assert len(row.reason.split()) > 3, row
