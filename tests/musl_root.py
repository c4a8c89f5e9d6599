"""Root folders whose only C library is a shared musl, of two releases: a program sees there what it sees on Alpine.

The older is what Debian packages, the newer is upstream's, compiled by zig: zig's own copy of musl lacks the loader.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import needs
from fixture_types import Result
from pypkg_core.binaries import inspect_file
from pypkg_core.cache import cache_root, locked
from pypkg_core.targets.catalogue import Target
from pypkg_forge.sources.fetch import Fetcher
from pypkg_forge.sources.origins import default_origins
from pypkg_forge.sources.pins import Pin
from pypkg_forge.verify.attributes import loader_fits
from zig_build import find_zig

__all__ = ["MUSLS", "MuslRoot", "make_root"]

NEW: Final = Pin(
    name="musl",
    version="1.2.5",
    file="musl-1.2.5.tar.gz",
    sha256="a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4",
    size=1080786,
    urls=("https://musl.libc.org/releases/musl-1.2.5.tar.gz",),
    debian="pool/main/m/musl/musl_1.2.5.orig.tar.gz",
    licence="MIT",
)
# zig defines what traps undefined behaviour, and builtin functions, by calls that a C library cannot make to itself.
CFLAGS: Final = "-O1 -fno-sanitize=undefined -fno-stack-protector -fno-builtin"
# In zig's runtime: functions that divide stay hidden, the others do not. Asking for each name takes its compiler longer
# than it allows by itself.
VISIBILITY: Final = {
    "comptime name: []const u8) void {": "comptime name: []const u8) void { @setEvalBranchQuota(1_000_000);",
    ".visibility = .hidden": '.visibility = if (std.mem.indexOf(u8, name, "div") == null) .default else .hidden',
}
# Debian's names of processors.
DEBIAN: Final = {"x64": "amd64", "arm64": "arm64", "armv7": "armhf", "armv6": "armhf"}
BUILD_SECONDS: Final = 900
RUN_SECONDS: Final = 300
# Programs look at themselves in /proc; the mounts vanish with the namespace.
ENTER: Final = 'mount --bind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec "$@"'


def _debians_musl(target: Target) -> Path:
    """Return the C library of Debian's package, fetched once for each processor."""
    package = f"musl:{DEBIAN[target.arch]}"
    folder = cache_root() / "tests" / "musl" / f"debian-{target.arch}"
    with locked(folder):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            got = subprocess.run(
                [needs.tool("apt-get"), "download", package], cwd=folder, capture_output=True, text=True, check=False
            )
            if got.returncode != 0:
                needs.unmet(
                    f"Debian's package {package} cannot be had: {got.stderr.strip().splitlines()[-1]}",
                    f"Debian: dpkg --add-architecture {DEBIAN[target.arch]} && apt-get update",
                )
            (archive,) = folder.glob("*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
            (folder / "complete").touch()
    return next(folder.glob("**/libc.so"))


def _upstreams_musl(target: Target) -> Path:
    """Return the C library compiled from upstream's archive, once for each processor."""
    machine = target.machine
    folder = cache_root() / "tests" / "musl" / f"{NEW.version}-{target.arch}"
    with locked(folder):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with needs.sources(str(NEW), kept=True):
                archive = Fetcher(origins=default_origins(None)).fetch_first(NEW.name, [NEW]).path
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            _compile(folder / f"musl-{NEW.version}", machine.triple, machine.cpu)
            (folder / "complete").touch()
    return folder / f"musl-{NEW.version}" / "lib" / "libc.so"


def _compile(tree: Path, triple: str, cpu: str | None) -> None:
    zig = find_zig()
    options = ["-target", triple, *([f"-mcpu={cpu}"] if cpu is not None else [])]
    environment = {
        **os.environ,
        "CC": " ".join([str(zig), "cc", *options]),
        "AR": f"{zig} ar",
        "RANLIB": f"{zig} ranlib",
        "CFLAGS": CFLAGS,
    }
    builtins = _builtins(tree / "builtins", zig, options)
    make = [needs.tool("make"), f"-j{os.cpu_count()}", f"LIBCC=-rtlib=none {builtins}", "lib/libc.so"]
    for step in (["./configure", f"--target={triple}", "--disable-static"], make):
        done = subprocess.run(
            step, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
        )
        assert done.returncode == 0, f"{step} of musl {NEW.version} failed:\n{done.stderr[-3000:]}"


def _builtins(folder: Path, zig: Path, options: Sequence[str]) -> Path:
    """Compile what the compiler calls.

    zig's own would hide the functions of musl that have the same names. ARM's division stays hidden: the loader divides
    before it has relocated itself.
    """
    shutil.copytree(zig.parent / "lib" / "compiler_rt", folder / "compiler_rt")
    source = folder / "compiler_rt.zig"
    text = (zig.parent / "lib" / source.name).read_text(encoding="utf-8")
    for before, after in VISIBILITY.items():
        assert before in text, "zig's runtime is written in another way"
        text = text.replace(before, after)
    source.write_text(text, encoding="utf-8")
    out = folder / "builtins.o"
    command: list[str | Path] = [zig, "build-obj", "-OReleaseSmall", "-fPIC", *options, source, f"-femit-bin={out}"]
    subprocess.run(command, cwd=folder, check=True, timeout=BUILD_SECONDS)
    return out


# The releases, by what makes the C library.
MUSLS: Final = {"1.2.3": _debians_musl, "1.2.5": _upstreams_musl}


@dataclass(frozen=True, kw_only=True, slots=True)
class MuslRoot:
    """A root folder.

    Attributes:
        folder: the root.
        release: of musl.
        processor: the variables that make an emulator the processor of the target; nothing if the C library is for a
            newer one.
    """

    folder: Path
    release: str
    processor: Mapping[str, str]

    def run(self, program: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Copy a program into the root, run it there, and wait for it."""
        inside = self.folder / program.name
        if not inside.exists():
            shutil.copy2(program, inside)
        enter: list[str | Path] = [needs.tool("unshare"), "--mount", "sh", "-c", ENTER, self.folder]
        return subprocess.run(
            [*enter, needs.tool("chroot"), self.folder, f"/{program.name}", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.defpath, "HOME": "/tmp", **self.processor, **(env or {})},
            timeout=RUN_SECONDS,
        )


def make_root(folder: Path, release: str, target: Target, program: Path) -> MuslRoot:
    """Make a root for the programs of one target, in a new folder; only root can enter it.

    Args:
        folder: does not exist.
        release: one of `MUSLS`.
        target: of any Python version.
        program: one of these programs; it names the loader that it needs.
    """
    needs.root("to enter a root folder with another C library")
    loader = inspect_file(program)[0].interpreter
    assert loader is not None, f"{program} is static"
    for name in ("proc", "dev", "tmp"):
        (folder / name).mkdir(parents=True)
    inside = folder / loader.removeprefix("/")
    inside.parent.mkdir(exist_ok=True)
    shutil.copy(MUSLS[release](target), inside)
    inside.chmod(0o755)
    cpu = target.processor.emulated_cpu
    processor = {"QEMU_CPU": cpu} if cpu is not None and loader_fits(inside, target) else {}
    return MuslRoot(folder=folder, release=release, processor=processor)
