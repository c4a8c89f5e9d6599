"""How this machine runs the executables of a target: itself, or through an emulator of its processor."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.binaries.binary import Binary
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import known_host
from pypkg_forge.verify.attributes import loader_fits

__all__ = ["Runner", "runner"]

_PACKAGE: Final = "qemu-user-static"  # Debian's, of every emulator in the table


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """How a program runs here.

    Attributes:
        words: what stands before its path: nothing, or an emulator with its options.
        reason: why nothing runs it; ``None`` if something does.
        limit: what running it does not show, and why; ``None`` if there is nothing.
    """

    words: tuple[str, ...] = ()
    reason: str | None = None
    limit: str | None = None

    @property
    def how(self) -> str:
        """How a base is verified: ``run here``, ``run by qemu-arm-static -cpu arm1176``, ``structure only: ...``."""
        if self.reason is not None:
            return f"structure only: {self.reason}"
        if not self.words:
            return "run here"
        limit = f" ({self.limit})" if self.limit is not None else ""
        return f"run by {' '.join((Path(self.words[0]).name, *self.words[1:]))}{limit}"


def runner(target: Target, binary: Binary, host: Target | None = None) -> Runner:
    """Return what runs a program here, or the reason why nothing does.

    An emulator of a processor passes system calls on to this machine's kernel, so the systems must be the same. The
    loader that a program names must be there, whatever C library this machine otherwise uses.

    Args:
        target: of any Python version.
        binary: the program.
        host: the machine, as a target; this one if ``None``.

    Raises:
        PypkgError: the loader that the program names is not an ELF file.
    """
    host = host or known_host()
    if host is None or target.facts.sys_platform != host.facts.sys_platform:
        return Runner(reason=f"this machine does not run programs for {target.facts.platform_system}")
    loader = Path(binary.interpreter) if binary.interpreter is not None else None
    if loader is not None and not loader.exists():
        return Runner(reason=f"the loader of its C library is not here: {loader}")
    return Runner() if target.arch == host.arch else _emulator(target, loader)


def _emulator(target: Target, loader: Path | None) -> Runner:
    name, cpu = target.processor.emulator, target.processor.emulated_cpu
    if name is None:
        return Runner(reason=f"no emulator of {target.arch} is known")
    found = shutil.which(name)
    if found is None:
        return Runner(reason=f"{name} is not installed (Debian's package {_PACKAGE})")
    if cpu is None:
        return Runner(words=(found,))
    if loader is not None and not loader_fits(loader, target):
        return Runner(words=(found,), limit=f"not as {cpu}: the C library here is for a newer processor")
    return Runner(words=(found, "-cpu", cpu))
