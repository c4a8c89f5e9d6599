"""The program gives the same results packaged as from source, except for explained differences."""

from __future__ import annotations

import pytest

import needs
from emulation import need_processes
from fixture_types import BaseOf
from targets import FOREIGN, PARAMETERS, STATIC

from .comparison import Comparison
from .document import DOCUMENT, deviations, table
from .explained import load_explanations
from .runs import SMALL, Workplaces, cannot_mount, compare_runs

pytestmark = pytest.mark.base

LARGE_TARGET = STATIC
LARGE = 200_000_000


@pytest.fixture(scope="module")
def workplaces(tmp_path_factory: pytest.TempPathFactory) -> Workplaces:
    """Give the trees, each of which is made once."""
    reason = cannot_mount(tmp_path_factory.mktemp("mount"))
    if reason:
        needs.privilege("a mount namespace for the run from source", reason)
    return Workplaces(tmp_path_factory.mktemp("conformance"))


@pytest.fixture(scope="module", params=PARAMETERS)
def comparison(
    request: pytest.FixtureRequest,
    base_of: BaseOf,
    workplaces: Workplaces,
    tmp_path_factory: pytest.TempPathFactory,
) -> Comparison:
    """Both runs for one target."""
    target = request.param
    workplace = workplaces.of(target, large=LARGE if target == LARGE_TARGET else SMALL)
    base = base_of(target)
    need_processes(base)
    return compare_runs(workplace, target, base, tmp_path_factory.mktemp(target))


def test_every_difference_is_explained(comparison: Comparison) -> None:
    assert comparison.unexplained == {}
    assert sum(results for results, _ in comparison.counts.values()) > 2500


def test_every_explanation_still_applies(comparison: Comparison) -> None:
    assert comparison.outdated == []


def test_the_document_says_what_was_measured(comparison: Comparison) -> None:
    """It has a table of each target that this machine runs by itself; others are in it if they were asked for."""
    text = DOCUMENT.read_text("utf-8")
    if comparison.target in FOREIGN and f"\n## {comparison.target}\n" not in text:
        return
    assert table(comparison) in text, "run: python tests/bases/conformance/document.py"


def test_a_refusal_is_what_the_checks_were_made_for(comparison: Comparison) -> None:
    """The tree is read-only in both runs; otherwise both could be wrong in the same way."""
    refused = [name for name, result in comparison.results.items() if name.startswith("writers.") and "EROFS" in result]
    assert len(refused) > 100


def test_the_document_has_the_deviations() -> None:
    assert deviations(load_explanations()) in DOCUMENT.read_text("utf-8")
    assert all(len(row.reason.split()) > 5 and row.instead for row in load_explanations())
