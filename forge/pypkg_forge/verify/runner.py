"""How this machine runs the executables of a target: itself, or through an emulator of its processor."""

from __future__ import annotations

import shutil
from pathlib import Path

from pypkg_core.binaries.binary import Binary
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import known_host

__all__ = ["runner"]


def runner(target: Target, binary: Binary, host: Target | None = None) -> list[str] | None:
    """Return the words before a program's path that run it here: none, or an emulator; ``None`` if nothing runs it.

    An emulator of a processor passes system calls on to this machine's kernel, so the systems must be the same. The
    loader that a program names must be there, whatever C library this machine otherwise uses.

    Args:
        target: of any Python version.
        binary: the program.
        host: the machine, as a target; this one if ``None``.
    """
    host = host or known_host()
    if host is None or target.facts.sys_platform != host.facts.sys_platform:
        return None
    if binary.interpreter is not None and not Path(binary.interpreter).exists():
        return None
    if target.arch == host.arch:
        return []
    found = shutil.which(target.processor.emulator) if target.processor.emulator is not None else None
    return [found] if found is not None else None
