"""Fetch, through pip, the wheel of an installed distribution that fits another target; kept by hash."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypkg_core.atomic import atomic_write
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target

__all__ = ["Fetched", "fetch"]

_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of a search for wheels.

    Attributes:
        directories: distribution -> directory its wheel is unpacked in.
        problem: pip's last message about those that are not in ``directories``; empty when none is missing.
    """

    directories: dict[str, Path]
    problem: str


def fetch(requested: Sequence[tuple[str, str]], target: Target, *, cache: Path, python: Path) -> Fetched:
    """Find and unpack the wheels that fit.

    Args:
        requested: (normalised name, version) of each distribution.
        target: what the wheels must fit.
        cache: directory for wheels; a wheel that is in it is not fetched again.
        python: the environment's interpreter, whose pip is used when the running Python has none.

    Raises:
        PypkgError: the cache cannot be written.
    """
    found: dict[str, Path] = {}
    problem = ""
    missing = []
    for name, version in requested:
        pointer = _read_pointer(cache / target.name / f"{name}-{version}")
        if pointer is not None and (cache / pointer).is_dir():
            found[name] = cache / pointer
        else:
            missing.append((name, version))
    if not missing:
        return Fetched(found, "")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as directory:
            problem = _download(missing, target, Path(directory), python)
            for wheel in sorted(Path(directory).glob("*.whl")):
                name, version = _wheel_identity(wheel)
                for requested_name, requested_version in missing:
                    if requested_name == name:
                        digest = _unpack(wheel, cache)
                        _write_pointer(cache / target.name / f"{requested_name}-{requested_version}", digest)
                        found[name] = cache / digest
    except OSError as error:
        raise PypkgError(f"Cannot store wheels in {cache}: {error}") from error
    return Fetched(found, problem)


def _download(requested: Sequence[tuple[str, str]], target: Target, directory: Path, python: Path) -> str:
    """Ask pip for all at once; if that fails, for each alone, so that one missing wheel does not affect the others."""
    pip = _pip(python)
    if not pip:
        return "pip is installed neither in pypkg's environment nor in the project's"
    command = [
        *pip,
        "download", "--only-binary=:all:", "--no-deps", "--no-input", "--disable-pip-version-check",
        "--retries", "1", "--timeout", "15", "--quiet", "--dest", str(directory),
        "--implementation", "cp", "--python-version", target.series,
        "--abi", f"cp{target.version}", "--abi", "abi3", "--abi", "none",
    ]  # fmt: skip
    for platform in target.wheel_tags:
        command += ["--platform", platform]
    requirements = [f"{name}=={version}" for name, version in requested]
    problem = _run([*command, *requirements])
    if not problem or len(requirements) == 1:
        return problem
    problems = [_run([*command, requirement]) for requirement in requirements]
    return next((problem for problem in problems if problem), "")


def _pip(python: Path) -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if not _run([str(python), "-m", "pip", "--version"]):
        return [str(python), "-m", "pip"]
    program = shutil.which("pip")
    return [program] if program else []


def _run(command: list[str]) -> str:
    """Run a command and return its last error line, ``""`` when it succeeded."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONPATH")}
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("ERROR")]
    return lines[-1].removeprefix("ERROR: ") if lines else f"pip ended with exit code {done.returncode}"


def _wheel_identity(wheel: Path) -> tuple[str, str]:
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename:
        return "", ""
    return canonicalize_name(name), str(version)


def _unpack(wheel: Path, cache: Path) -> str:
    """Unpack a wheel beside its final directory and rename it; return the directory's name, the wheel's SHA-256."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    final = cache / digest
    if final.is_dir():
        return digest
    with tempfile.TemporaryDirectory(dir=cache, prefix=".unpack-") as directory:
        fresh = Path(directory) / "wheel"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(fresh)  # zipfile drops absolute paths and "..", and links are plain files
            for member in archive.infolist():
                mode = member.external_attr >> 16
                if stat.S_ISREG(mode) and mode & 0o111:  # programs, as pip installs them; zipfile drops the mode
                    (fresh / member.filename).chmod(0o755)
        for scheme in ("purelib", "platlib"):  # for site-packages too, PEP 427, "The .data directory"
            for folder in sorted(fresh.glob(f"*.data/{scheme}")):
                shutil.copytree(folder, fresh, dirs_exist_ok=True)
        try:
            fresh.rename(final)
        except OSError:
            if not final.is_dir():  # else another run was faster, with the same contents
                raise
    return digest


def _read_pointer(pointer: Path) -> str | None:
    try:
        return pointer.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _write_pointer(pointer: Path, digest: str) -> None:
    pointer.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(pointer) as file:
        file.write(f"{digest}\n".encode("ascii"))
