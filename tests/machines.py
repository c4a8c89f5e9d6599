"""Machines that C programs of the tests are compiled for and run on: this one, and those that an emulator stands for.

For a machine of the catalogue the compiler is zig, with the processor that bases of that machine are compiled for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import needs
from pypkg_core.binaries import inspect_file
from pypkg_core.targets.catalogue import catalogue
from pypkg_core.targets.host import known_host
from zig_build import zig_compiler

__all__ = ["ARM", "HERE", "LOADERS", "NAMES", "Machine", "find_machine"]

HERE: Final = "here"
# Debian's package of each loader.
_LOADERS: Final = {
    "/lib/ld-linux-aarch64.so.1": "libc6:arm64",
    "/lib/ld-linux-armhf.so.3": "libc6:armhf",
    "/lib/ld-musl-aarch64.so.1": "musl:arm64",
    "/lib/ld-musl-armhf.so.1": "musl:armhf",
    "/lib/ld-musl-x86_64.so.1": "musl",
}
# The 32-bit machine: static, so that it needs nothing but the emulator of its processor.
ARM: Final = "linuxstatic-armv7"
NAMES: Final = (HERE, ARM)
# Programs that load libraries: by this machine's C library, and by musl.
LOADERS: Final = (HERE, "alpine-x64")
# Clang's sanitizer of undefined behaviour without a library: what it finds ends the program by a signal. An emulator
# does not refuse the unaligned accesses that a processor refuses; this does.
_TRAPS: Final = ("-fsanitize=undefined", "-fsanitize-trap=all")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """How programs are compiled for a machine and run.

    Attributes:
        name: "here", or platform and processor: "linuxstatic-armv7".
        compiler: its path.
        options: what the compiler needs for this machine, also when it links.
        runner: the words before the path of a program.
        checks: options that make the program find its own errors; empty for this machine, whose compiler is asked.
        linking: what the compiler needs to link a program that is not static.
    """

    name: str
    compiler: str
    options: tuple[str, ...] = ()
    runner: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    linking: tuple[str, ...] = ()

    def command(self, program: Path, *arguments: str | Path) -> list[str]:
        """Return the command line that runs a program of this machine; skip the test where its loader is missing."""
        loader = _loader(program)
        if loader is not None and not Path(loader).exists():
            needs.unmet(f"{loader} is missing", f"Debian: apt-get install {_LOADERS.get(loader, 'libc6')}")
        return [*self.runner, str(program), *map(str, arguments)]


def find_machine(name: str) -> Machine:
    """Return a machine by its name; skip the test where its compiler or its emulator is missing.

    Args:
        name: `HERE`, or platform and processor as in the names of targets.
    """
    if name == HERE:
        return Machine(name=name, compiler=needs.compiler())
    platform, arch = name.split("-")
    row = catalogue().machines[platform, arch]
    cpu = () if row.cpu is None else (f"-mcpu={row.cpu}",)
    return Machine(
        name=name,
        compiler=str(zig_compiler()),
        options=("-target", row.triple, *cpu, *(("-fPIC",) if row.needed else ())),
        runner=_runner(platform, arch),
        checks=_TRAPS,
        # Position-independent, as bases are: in another program, zig's linker copies variables of the C library, which
        # goes on with its own.
        linking=("-dynamic", "-pie") if row.needed else (),
    )


@cache
def _loader(program: Path) -> str | None:
    return inspect_file(program)[0].interpreter


def _runner(platform: str, arch: str) -> tuple[str, ...]:
    host = known_host()
    system = catalogue().platforms[platform].sys_platform
    if host is None or host.facts.sys_platform != system:
        needs.other_host(f"a program for {system}")
    if host.arch == arch:
        return ()
    emulator = catalogue().arches[arch].emulator
    assert emulator is not None, f"no emulator of {arch} is known"
    return (needs.tool(emulator),)
