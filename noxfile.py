"""Runs the steps of ``.ci/run``, each in an environment of its own: ``nox -s lint``, ``nox -s unit``.

The session ``benchmarks`` is not one of those steps.
"""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "unit"]


def _run_step(session: nox.Session, step: str) -> None:
    session.install(".[forge,test]")
    session.run(".ci/run", step, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style: ruff's rules and its formatter."""
    _run_step(session, "lint")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: strict mypy over the packages, the tests and the benchmarks."""
    _run_step(session, "types")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the tests that need no base."""
    _run_step(session, "unit")


@nox.session
def full(session: nox.Session) -> None:
    """Run all tests; the first run forges the bases."""
    _run_step(session, "full")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure pypkg against its peers and write the first section of docs/benchmarks.md."""
    session.install(".[forge]")
    session.run("python", "benchmarks/run.py", *session.posargs)
