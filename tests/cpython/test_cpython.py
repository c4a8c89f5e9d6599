"""CPython's own tests pass on a base, except for explained failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from cpython.explained import explain, load_explanations
from cpython.suite import TESTS, Outcome, running_tests
from fixture_types import BaseOf
from targets import STATIC

TARGET = STATIC
Outcomes = Mapping[str, Future[Outcome]]


@pytest.fixture(scope="module")
def outcomes(base_of: BaseOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """Every file's outcome."""
    with running_tests(base_of(TARGET), TESTS, tmp_path_factory.mktemp("cpython")) as futures:
        yield futures


@pytest.mark.base
@pytest.mark.cpython
@pytest.mark.parametrize("name", TESTS)
def test_cpython_passes_but_for_what_is_explained(name: str, outcomes: Outcomes) -> None:
    outcome = outcomes[name].result()
    unexplained = {test: message for test, message in outcome.failed.items() if explain(TARGET, test) is None}
    assert unexplained == {}
    assert outcome.passed > 0


def test_every_explanation_names_its_tests_and_a_reason() -> None:
    for row in load_explanations():
        assert row.tests
        assert len(row.reason.split()) > 3, row
