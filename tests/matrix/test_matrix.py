"""Every target of this machine's system can be forged and verified; what has a record is not forged again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matrix.conformance import conforming
from matrix.run import Matrix, matrix_targets, summary
from pypkg_core.progress import console_reporter
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.recipe import why_not

pytestmark = pytest.mark.matrix

TARGETS = [target for target in matrix_targets() if why_not(target) is None]


# One worker does it all: each forge uses every processor.
@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with conforming() as conformance:
        yield Matrix(source=None, force=False, conformance=conformance, again=False, reporter=console_reporter())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_base_of_a_target(matrix: Matrix, target: Target) -> None:
    line, good = summary(matrix.examine(target))
    assert good, line
