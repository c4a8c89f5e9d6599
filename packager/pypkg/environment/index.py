"""Where distributions are looked for, and asking pip, which does the looking."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["Answer", "Index", "is_pip_configured", "run_pip"]

_SECONDS: Final = 1800
_INDEXES: Final = re.compile(r"^\S+\.(index-url|extra-index-url|find-links|no-index|constraint)=", re.MULTILINE)
# pip says that nothing matches also if it could not ask; then it has warned of each repetition.
_RETRIES: Final = "--retries=2"
_RETRYING: Final = "Retrying (Retry("
# What the environment may say of installations; nothing is installed where it would say. pip's own settings of indexes,
# proxies and certificates stay in force.
_NOT_FOR_PIP: Final = frozenset({"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REPORT", "PIP_PYTHON"})
_OVERRIDES: Final = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_REQUIRE_HASHES": "0", "PIP_NO_INPUT": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """Where distributions are looked for, besides where pip's configuration says.

    Attributes:
        index_url: instead of the usual index.
        extra_index_urls: besides it.
        find_links: directories, files or pages with links to wheels; paths are relative to the working directory.
        no_index: only ``find_links``.
        more: more options of pip, as a requirements file has them, each word an item.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    more: tuple[str, ...] = ()

    def options(self, *, only_links: bool = False) -> list[str]:
        """Return pip's options.

        Args:
            only_links: no index is asked.
        """
        found = [*self.more]
        found += [] if self.index_url is None or only_links else [f"--index-url={self.index_url}"]
        found += [] if only_links else [f"--extra-index-url={url}" for url in self.extra_index_urls]
        found += [f"--find-links={_absolute(place)}" for place in self.find_links]
        return found + (["--no-index"] if self.no_index or only_links else [])


def _absolute(place: str) -> str:
    """Return a place as it is seen from any directory: pip runs in an empty one."""
    return place if "://" in place or place.startswith("file:") else str(Path(place).expanduser().absolute())


@dataclass(frozen=True, slots=True)
class Answer:
    """What pip answered.

    Attributes:
        problem: its last error, ``""`` when it succeeded.
        output: all that it printed.
        reached: whether every index answered.
    """

    problem: str
    output: str
    reached: bool = True


def run_pip(arguments: Sequence[str]) -> Answer:
    """Run pip, isolated and in an empty directory: nothing of a project is imported.

    Raises:
        PypkgError: there is no pip beside pypkg.
    """
    if importlib.util.find_spec("pip") is None:
        raise PypkgError(
            "Cannot look for wheels: pip is not installed beside pypkg",
            hint=f"Run `{sys.executable} -m ensurepip`, or install pypkg again",
        )
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", _RETRIES, *arguments]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("PYTHON") and key not in _NOT_FOR_PIP
    } | _OVERRIDES
    if links := environment.get("PIP_FIND_LINKS"):
        environment["PIP_FIND_LINKS"] = " ".join(map(_absolute, links.split()))
    try:
        with tempfile.TemporaryDirectory(prefix="pypkg-") as empty:
            done = subprocess.run(
                command,
                cwd=empty,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=False,
                text=True,
                errors="replace",
            )
    except subprocess.TimeoutExpired:
        return Answer(f"pip took longer than {_SECONDS // 60} minutes", "", reached=False)
    if done.returncode == 0:
        return Answer("", done.stdout)
    reached = _RETRYING not in done.stdout
    errors = [line.strip() for line in done.stdout.splitlines() if line.lstrip().startswith("ERROR: ")]
    problem = errors[-1].removeprefix("ERROR: ") if errors else f"pip ended with exit code {done.returncode}"
    if not reached:
        problem += " (an index could not be reached)"
    return Answer(problem, done.stdout, reached)


def is_pip_configured() -> bool:
    """Whether pip's configuration, in files or in the environment, says where distributions come from."""
    return _INDEXES.search(run_pip(["config", "list"]).output) is not None
