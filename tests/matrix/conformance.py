"""The conformance program on one base, for the matrix."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bases.conformance.runs import Workplaces, cannot_mount, compare_runs
from matrix.cell import Conformance
from pypkg_core.bases.record import Base

__all__ = ["Conforming", "conforming"]


class Conforming:
    """Runs the program; the tree that it examines is made when the first base needs it.

    Args:
        folder: an empty directory for the tree and what runs write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problem = cannot_mount(folder)
        self._workplaces = Workplaces(folder / "workplaces")

    def run(self, base: Base) -> Conformance:
        """Return the comparison of both runs on a base, or why there is none."""
        if self._problem:
            return Conformance(problem=f"no read-only file system can be mounted here: {self._problem}")
        name = base.target.name
        folder = self._folder / name
        folder.mkdir()
        try:
            found = compare_runs(self._workplaces.of(name), name, base.path, folder)
        except OSError as error:
            return Conformance(problem=f"the base cannot be started here: {error.strerror or error}")
        except (AssertionError, subprocess.SubprocessError, ValueError) as error:
            output = getattr(error, "stderr", None) or str(error)
            return Conformance(problem=" ".join(str(output).split())[-300:])
        return Conformance(
            results=sum(results for results, _ in found.counts.values()),
            explained=sum(explained for _, explained in found.counts.values()),
            failed=len(found.unexplained),
        )


@contextmanager
def conforming() -> Iterator[Conforming]:
    """Give the runner of the program, in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="pypkg-matrix-") as name:
        try:
            yield Conforming(Path(name))
        finally:
            # The tree is sealed: nobody may write to it.
            subprocess.run(["chmod", "-R", "u+w", name], check=True)
