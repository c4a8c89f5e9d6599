"""Runs what .ci/run runs, each in an environment of its own: ``nox -s lint``, ``nox -s types``, ``nox -s tests``."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff's checks and its formatter."""
    session.install("ruff>=0.6")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict mypy over the three packages."""
    session.install(".[forge,test]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; arguments go to pytest: ``nox -s tests -- -m 'not base'``."""
    session.install(".[forge,test]")
    session.run("pytest", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measures pypkg against its peers and writes docs/benchmarks.md."""
    session.install(".[forge]")
    session.run("python", "benchmarks/run.py", *session.posargs)
