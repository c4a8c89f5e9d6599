"""Checks a base: its structure against the row of its target, its image, and that it runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from pypkg_core.binaries import read_image
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.parse import host_target
from pypkg_forge.data import HERE

__all__ = ["Report", "verify_base"]

CHECK_SCRIPT: Final = HERE / "check_base.py"
_GLIBC: Final = re.compile(r"^GLIBC_(\d+(?:\.\d+)+)$")
_RUN_SECONDS: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Facts about a base.

    Attributes:
        needed: the shared libraries that it needs.
        glibc: the newest glibc symbol version that it needs.
        python: its release.
        ran: what its check reported; ``None`` if this machine cannot run it.
    """

    needed: tuple[str, ...]
    glibc: str | None
    python: str
    ran: dict[str, object] | None


def verify_base(path: Path, target: Target) -> Report:
    """Check that ``path`` is a valid base of ``target``; run it if this machine can.

    Raises:
        PypkgError: it is not; the message says what was expected and what was found.
    """
    needed, glibc = _check_elf(path, target)
    image = read_image(path)
    image.verify()
    manifest = image.manifest
    if manifest.get("kind") != "base":
        raise PypkgError(f"{path} is not a base: expected kind 'base' in its manifest, got {manifest.get('kind')!r}")
    if manifest.get("target") != target.name:
        raise PypkgError(f"{path} is a base of {manifest.get('target')}, expected {target}")
    python = str(manifest.get("python"))
    ran = _run(path, target, python) if _runs_here(target) else None
    return Report(needed=needed, glibc=glibc, python=python, ran=ran)


def _check_elf(path: Path, target: Target) -> tuple[tuple[str, ...], str | None]:
    machine = target.machine
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            arch = elf.get_machine_arch()
            kind = elf.header["e_type"]
            segments = {segment.header["p_type"] for segment in elf.iter_segments()}
            needed: list[str] = []
            versions: list[str] = []
            for section in elf.iter_sections():
                if isinstance(section, DynamicSection):
                    # Only these tags have an attribute `needed` in pyelftools.
                    needed += [str(vars(tag)["needed"]) for tag in section.iter_tags("DT_NEEDED")]
                elif isinstance(section, GNUVerNeedSection):
                    versions += [aux.name for _, auxiliaries in section.iter_versions() for aux in auxiliaries]
    except OSError as error:
        raise PypkgError(f"Cannot read {path}: {error.strerror}") from error
    except (ELFError, ValueError, KeyError) as error:
        raise PypkgError(f"{path} is not a valid ELF file: {error}") from error
    expected_arch = {"x64": "x64", "arm64": "AArch64"}.get(target.arch, "ARM")
    _expect(path, "processor", arch, [expected_arch])
    _expect(path, "type", kind, ["ET_DYN"])
    if "PT_GNU_RELRO" not in segments:
        raise PypkgError(f"{path} has no PT_GNU_RELRO segment")
    if not machine.needed and "PT_INTERP" in segments:
        raise PypkgError(f"{path} needs a dynamic loader, expected a static program")
    for name in needed:
        if name not in machine.needed:
            allowed = ", ".join(machine.needed) or "none"
            raise PypkgError(f"{path} needs the library {name}; allowed for {target}: {allowed}")
    glibc = max((match[1] for name in versions if (match := _GLIBC.match(name))), key=_numbers, default=None)
    if glibc is not None and machine.glibc is not None and _numbers(glibc) > _numbers(machine.glibc):
        raise PypkgError(f"{path} needs glibc {glibc}, expected at most {machine.glibc}")
    return tuple(needed), glibc


def _expect(path: Path, what: str, found: str, expected: list[str]) -> None:
    if found not in expected:
        raise PypkgError(f"{path} has the {what} {found}, expected {' or '.join(expected)}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _runs_here(target: Target) -> bool:
    if not sys.platform.startswith("linux") or target.arch != host_target().arch:
        return False
    return target.platform in ("linuxstatic", host_target().platform)


def _run(path: Path, target: Target, python: str) -> dict[str, object]:
    try:
        done = subprocess.run(
            [path.absolute(), "-c", CHECK_SCRIPT.read_text(encoding="utf-8")],
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
    if target.addons and not found.get("addons"):
        raise PypkgError(f"{path} cannot load native addons: its list of suffixes is empty")
    return found
