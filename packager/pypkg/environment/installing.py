"""Installs requirements into an environment of their own, with uv if it is there, else with venv and pip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from packaging.markers import default_environment
from packaging.requirements import Requirement

from pypkg.environment.index import is_pip_configured
from pypkg.environment.interpreter import Environment, find_python
from pypkg.environment.locks.lock import Lock, LockedPackage
from pypkg_core.errors import PypkgError

__all__ = ["find_uv", "install"]

_SECONDS: Final = 1800
_QUESTION: Final = """
import importlib.util, json, sys, sysconfig
print(json.dumps({
    "version": sys.version_info[:3],
    "usable": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "base": "_pypkg" in sys.builtin_module_names,
    "pip": importlib.util.find_spec("pip") is not None,
}))
"""
_SITE_PACKAGES: Final = ("lib/python{series}/site-packages", "Lib/site-packages")
# They would install somewhere else.
_DROPPED: Final = ("PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_USER", "UV_TARGET", "UV_PREFIX")
_ERROR_LINES: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class _Python:
    """An interpreter.

    Attributes:
        base: whether it is a base, which knows no ``pyvenv.cfg``: what it installs gets a prefix, not an environment.
        pip: whether it has pip.
    """

    path: Path
    version: tuple[int, int, int]
    base: bool
    pip: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """One call of the installer: the lines of its requirements file, of its constraints, and options."""

    lines: Sequence[str]
    constraints: Sequence[str] = ()
    options: Sequence[str] = ()


def find_uv() -> str | None:
    """Return the path of uv, ``None`` if this machine has none."""
    return shutil.which("uv")


def install(
    requirements: Sequence[Requirement],
    directory: Path,
    *,
    series: str,
    pythons: Iterable[Path],
    index_options: Sequence[str],
    lock: Lock | None,
) -> Environment:
    """Make an environment and install requirements into it; nothing of the current directory is imported.

    Args:
        requirements: with extras and markers.
        directory: of the environment; it must not exist.
        series: "3.13".
        pythons: interpreters, best first; without one of the series uv may have its own.
        index_options: for pip or uv, each word an item.
        lock: whose versions and hashes are obeyed.

    Raises:
        PypkgError: there is no interpreter of the series; a requirement is not in the lock; uv or pip failed.
    """
    what = ", ".join(map(str, requirements)) or "nothing"
    uv = find_uv()
    with tempfile.TemporaryDirectory(prefix="pypkg-") as folder:
        runner = _Runner(Path(folder), f"Cannot install {what} for Python {series}")
        python = next((found for path in pythons if (found := runner.probe(path, series)) is not None), None)
        if python is None and uv is None:
            raise PypkgError(
                f"There is no Python {series} on this machine to install {what} with",
                hint=f"Install Python {series} or uv, or name an interpreter with --python",
            )
        if uv is not None and python is not None and is_pip_configured():
            uv = None  # it would not see that configuration, and take a stranger's distribution from its own index
        made = python if python is not None and python.base else runner.make(directory, python, series=series, uv=uv)
        if requirements:
            command = runner.installer(made, python or made, uv)
            command += ["--prefix", str(directory)] if made.base else []
            for step in _steps(requirements, lock, made):
                runner.run([*command, *index_options, *runner.files(step)])
    return Environment(
        python=made.path, version=made.version, prefix=directory, paths=(_site_packages(directory, series),)
    )


class _Runner:
    """Runs commands in an empty directory.

    Args:
        folder: a directory for what they read.
        failure: how their errors begin.
    """

    def __init__(self, folder: Path, failure: str) -> None:
        self._folder = folder
        self._failure = failure
        self._empty = folder / "empty"
        self._empty.mkdir()

    def probe(self, path: Path, series: str) -> _Python | None:
        """Return an interpreter if it is CPython of the series, with a global interpreter lock."""
        done = self._call([str(path), "-I", "-c", _QUESTION])
        try:
            facts = json.loads(done.stdout.splitlines()[-1])
            major, minor, micro = facts["version"]
        except (ValueError, IndexError, KeyError, TypeError):
            return None
        if done.returncode or not facts["usable"] or f"{major}.{minor}" != series:
            return None
        return _Python(path=path, version=(major, minor, micro), base=facts["base"], pip=facts["pip"])

    def make(self, directory: Path, python: _Python | None, *, series: str, uv: str | None) -> _Python:
        """Make an empty environment; pip is in it only if nothing else has pip."""
        if uv is not None:
            source = str(python.path) if python is not None else series
            self.run([uv, "venv", "--quiet", "--no-project", "--python", source, str(directory)])
        elif python is not None:
            outside = python.pip or _own_pip()
            self.run([str(python.path), "-I", "-m", "venv", *(["--without-pip"] if outside else []), str(directory)])
        made = self.probe(find_python(directory, root=directory), series)
        if made is None:
            raise PypkgError(f"{self._failure}: the environment made for it has no Python {series}")
        return made

    @staticmethod
    def installer(made: _Python, python: _Python, uv: str | None) -> list[str]:
        """Return the command that installs for ``made``; ``python`` is what that was made of."""
        if uv is not None:
            return [uv, "pip", "install", "--quiet", "--python", str(made.path)]
        options = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"]
        options += ["--no-compile"]  # the packager compiles
        if made.pip:
            return [str(made.path), "-I", "-m", "pip", *options]
        if python.pip or _own_pip():
            runs = str(python.path) if python.pip else sys.executable
            return [runs, "-I", "-m", "pip", "--python", str(made.path), *options]
        raise PypkgError(
            f"Cannot install anything with {python.path}: pip is installed neither there nor in pypkg's environment",
            hint="Install pip or uv",
        )

    def files(self, step: _Step) -> list[str]:
        """Write the files of a step and return the options that name them."""
        options = list(step.options)
        for option, name, lines in (
            ("-c", "constraints.txt", step.constraints),
            ("-r", "requirements.txt", step.lines),
        ):
            if lines:
                (self._folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
                options += [option, str(self._folder / name)]
        return options

    def run(self, command: Sequence[str]) -> None:
        """Run a command.

        Raises:
            PypkgError: it failed; with its last error lines.
        """
        done = self._call(command)
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            first = next((index for index, line in enumerate(lines) if line.startswith("ERROR: ")), 0)
            errors = [line.removeprefix("ERROR: ") for line in lines[first:]]
            tool = "uv" if Path(command[0]).stem == "uv" else "pip" if "pip" in command else "venv"
            text = "\n    ".join(errors[-_ERROR_LINES:]) or f"it ended with exit code {done.returncode}"
            raise PypkgError(
                self._failure,
                hint="Check the names and versions; --index-url and --find-links say where distributions are",
                context={tool: text},
            )

    def _call(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("PYTHON") and key not in _DROPPED
        }
        try:
            return subprocess.run(
                command,
                cwd=self._empty,  # a pip.py of the project must not be imported, nor its configuration be read
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return subprocess.CompletedProcess(command, 1, "", str(error))


def _own_pip() -> bool:
    return find_spec("pip") is not None


def _steps(requirements: Sequence[Requirement], lock: Lock | None, python: _Python) -> Iterator[_Step]:
    """Yield the calls: one, or with a lock one for what has hashes, which must all have them, and one for the rest."""
    if lock is None:
        yield _Step(lines=[str(item) for item in requirements])
        return
    markers = _markers(python)
    lock.check(markers)
    if not lock.complete:
        found = (lock.find(name, markers) for name in sorted(lock.packages))
        pins = [_line(entry) for entry in found if entry is not None]
        yield _Step(lines=[str(item) for item in requirements], constraints=pins)
        return
    entries = lock.closure(requirements, markers)
    hashed = [_line(entry) for entry in entries if entry.hashes]
    others = [_line(entry) for entry in entries if not entry.hashes]
    if hashed:
        yield _Step(lines=hashed, options=("--no-deps", "--require-hashes"))
    if others:
        yield _Step(lines=others, options=("--no-deps",))


def _markers(python: _Python) -> dict[str, str]:
    """Return the marker environment of an interpreter of this machine."""
    release = ".".join(map(str, python.version))
    series = ".".join(map(str, python.version[:2]))
    own = {key: str(value) for key, value in default_environment().items()}
    versions = {"python_version": series, "python_full_version": release, "implementation_version": release}
    return {**own, **versions, "implementation_name": "cpython", "platform_python_implementation": "CPython"}


def _line(entry: LockedPackage) -> str:
    """Return an entry of a lock as a line of a requirements file."""
    if entry.source == "index":
        text = f"{entry.name}=={entry.version}"
    elif entry.source == "path" and entry.url is not None and "://" not in entry.url:
        text = f"{entry.name} @ {Path(entry.url).absolute().as_uri()}"
    else:
        text = f"{entry.name} @ {entry.url}"
    return " ".join([text, *(f"--hash=sha256:{digest}" for digest in sorted(entry.hashes))])


def _site_packages(directory: Path, series: str) -> Path:
    choices = [directory / name.format(series=series) for name in _SITE_PACKAGES]
    found = next((path for path in choices if path.is_dir()), None)
    if found is None:  # nothing was installed below a prefix
        found = choices[0]
        found.mkdir(parents=True)
    return found
