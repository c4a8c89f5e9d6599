"""Letting the kernel start programs of another processor with an emulator: binfmt_misc.

An emulator runs one program. What that program starts is started by this machine's kernel, which refuses files for
another processor unless binfmt_misc names an emulator for them. The rule is Debian's own; its flag F keeps the emulator
open, so that it is found from another root directory too.

Formats: Documentation/admin-guide/binfmt-misc.rst of the kernel, binfmt.d(5).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["cannot_register"]

FOLDER: Final = Path("/proc/sys/fs/binfmt_misc")
RULES: Final = Path("/usr/lib/binfmt.d")
# Interpreter kept open; of an entry, "flags: POF".
_KEPT_OPEN: Final = "F"


def cannot_register(emulator: str, folder: Path = FOLDER, rules: Path = RULES) -> str:
    """Let the kernel start programs with an emulator; it does so until the machine is restarted.

    Args:
        emulator: the name of its program: "qemu-aarch64-static".
        folder: where binfmt_misc is, or is to be, mounted.
        rules: the folder of Debian's rules.

    Returns:
        Why that is not possible; an empty text if the kernel does it now.
    """
    name = emulator.removesuffix("-static")
    own = f"pypkg-{name}"
    if any(_is_active(folder / entry) for entry in (name, own)):
        return ""
    try:
        rule = _rule(rules / f"{name}.conf", own)
    except OSError as error:
        return f"there is no rule for {emulator}: {error}"
    if os.geteuid() != 0:
        return "only root can register an emulator with binfmt_misc"
    if not (folder / "register").exists() and (problem := _mount(folder)):
        return problem
    try:
        (folder / "register").write_text(rule, encoding="latin-1")
    except OSError as error:
        # Another worker of pytest may have been faster.
        return "" if _is_active(folder / own) else f"binfmt_misc refuses {emulator}: {error.strerror}"
    return "" if _is_active(folder / own) else "binfmt_misc is disabled"


def _is_active(entry: Path) -> bool:
    """Whether the kernel has an entry, uses it, and keeps its emulator open."""
    try:
        lines = entry.read_text(encoding="latin-1").splitlines()
        enabled = (entry.parent / "status").read_text(encoding="ascii").strip() == "enabled"
    except OSError:
        return False
    flags = next((line.partition(": ")[2] for line in lines if line.startswith("flags: ")), "")
    return enabled and "enabled" in lines and _KEPT_OPEN in flags


def _rule(file: Path, name: str) -> str:
    """Return Debian's rule with a name of its own: ``:name:type:offset:magic:mask:interpreter:flags``."""
    text = next(line for line in file.read_text(encoding="latin-1").splitlines() if line.startswith(":"))
    fields = text.split(":")
    fields[1] = name
    fields[-1] += "" if _KEPT_OPEN in fields[-1] else _KEPT_OPEN
    return ":".join(fields)


def _mount(folder: Path) -> str:
    command: list[str | Path] = ["mount", "-t", "binfmt_misc", "binfmt_misc", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 or (folder / "register").exists():
        return ""
    return f"binfmt_misc cannot be mounted: {done.stderr.strip()}"
