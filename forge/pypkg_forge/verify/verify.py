"""Checks a base: its structure against the row of its target, its image, and that it runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.binaries import read_image
from pypkg_core.binaries.binary import Minimum
from pypkg_core.errors import PypkgError
from pypkg_core.snapshot import stdlib_directory
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.extension_modules import extension_modules
from pypkg_core.targets.platforms import Unprotected
from pypkg_forge.data import HERE
from pypkg_forge.verify.runner import Runner, runner
from pypkg_forge.verify.structure import check_structure

__all__ = ["Report", "run_check", "verify_base"]

CHECK_SCRIPT: Final = HERE / "check_base.py"
_RUN_SECONDS: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Facts about a base.

    Attributes:
        needed: the shared libraries that it needs.
        minimum: the oldest C library or system that it runs with; ``None`` if it does not say.
        python: its release.
        unseen: the protections that the platform lacks or does not show, and that are not seen in it.
        runner: what ran it, or why nothing did.
        ran: what its check reported; ``None`` if nothing ran it.
    """

    needed: tuple[str, ...]
    minimum: Minimum | None
    python: str
    unseen: tuple[Unprotected, ...]
    runner: Runner
    ran: dict[str, object] | None

    @property
    def how(self) -> str:
        """How the base was verified: ``run here``, ``run by qemu-aarch64-static``, ``structure only: ...``."""
        return self.runner.how


def verify_base(path: Path, target: Target) -> Report:
    """Check that ``path`` is a valid base of ``target``; run it if this machine can.

    Raises:
        PypkgError: it is not; the message says what was expected and what was found.
    """
    binary = check_structure(path, target)
    image = read_image(path)
    image.verify()
    manifest = image.manifest
    if manifest.get("kind") != "base":
        raise PypkgError(f"{path} is not a base: expected kind 'base' in its manifest, got {manifest.get('kind')!r}")
    if manifest.get("target") != target.name:
        raise PypkgError(f"{path} is a base of {manifest.get('target')}, expected {target}")
    python = str(manifest.get("python"))
    found = runner(target, binary)
    ran = run_check(path, target, python, found.words) if found.reason is None else None
    unseen = tuple(item for item in target.facts.unprotected if item.protection not in binary.protections)
    return Report(
        needed=binary.needed,
        minimum=binary.minimum,
        python=python,
        unseen=unseen,
        ran=ran,
        runner=found,
    )


def run_check(path: Path, target: Target, python: str, words: Sequence[str] = ()) -> dict[str, object]:
    """Run the check of a base in it and return what it reports.

    Args:
        path: the base.
        target: which modules it must have, and which suffixes it must look for.
        python: the release that it must be.
        words: what stands before its path, to run it (`runner`).

    Raises:
        PypkgError: it does not run, lacks something, or reports something else.
    """
    library = target.facts.snapshot_path(stdlib_directory(target.series))
    expected = {"extension_modules": extension_modules(target), "library": library}
    try:
        done = subprocess.run(
            [*words, path.absolute(), "-c", CHECK_SCRIPT.read_text(encoding="utf-8"), json.dumps(expected)],
            capture_output=True,
            check=False,
            timeout=_RUN_SECONDS,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PypkgError(f"Cannot run {path}: {error}") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        output = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise PypkgError(
            f"{path} does not work: its check ended with exit code {done.returncode}",
            context={"output": "".join(f"\n    {line}" for line in output)},
        )
    try:
        found = json.loads(lines[-1])
    except ValueError as error:
        raise PypkgError(f"{path} does not work: its check printed {lines[-1]!r}") from error
    if not isinstance(found, dict) or found.get("python") != python:
        raise PypkgError(f"{path} runs another Python than its manifest says: expected {python}, got {found}")
    if target.addons and found.get("addons") != target.extension_suffixes:
        suffixes = ", ".join(target.extension_suffixes)
        raise PypkgError(f"{path} loads addons with the suffixes {found.get('addons')}, expected {suffixes}")
    return found
