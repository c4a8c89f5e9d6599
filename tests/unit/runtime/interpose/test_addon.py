"""What a native addon sees of the snapshot and of real files, for each C library and width of numbers.

An addon is a library that knows nothing of the runtime (programs/addon.c), compiled as addons are: for large files
or not, or with checked functions.
"""

from __future__ import annotations

import errno
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from machines import Machine, find_machine
from pypkg_core.targets.catalogue import catalogue
from runtime_build import compile_program

from ..conftest import PROGRAMS, sample_builder

MACHINES: Final = ("linux-x64", "linux-arm64", "linux-armv7", "alpine-x64", "alpine-armv7")
WAYS: Final = {
    "plain": (),
    "large": ("-D_FILE_OFFSET_BITS=64",),
    "checked": ("-O2", "-D_FORTIFY_SOURCE=2"),
}
TIME: Final = 315532800
# As bases are compiled: with offsets of 64 bits.
OPTIONS: Final = ("-DPYPKG_INTERPOSE=1", "-D_FILE_OFFSET_BITS=64")


@dataclass(frozen=True, kw_only=True, slots=True)
class Addons:
    machine: Machine
    program: Path
    libraries: dict[str, Path]
    image: Path

    def report(self, way: str, path: str | Path) -> list[str]:
        """Return what each call says of a path, to an addon that was compiled in some way."""
        command = self.machine.command(self.program, self.image, self.libraries[way], path)
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()


@pytest.fixture(scope="module", params=MACHINES)
def addons(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Addons:
    machine, folder = find_machine(request.param), tmp_path_factory.mktemp("addons")
    linking = (*machine.linking, "-rdynamic")
    sources = [PROGRAMS / "interposed.c"]
    compile_program(machine.compiler, folder / "program", sources, [*machine.options, *OPTIONS], linking=linking)
    libraries = {}
    for way, options in WAYS.items():
        libraries[way] = folder / f"{way}.so"
        command = [machine.compiler, *machine.options, *options, "-shared", "-fPIC", "-Wall", "-Werror"]
        subprocess.run([*command, PROGRAMS / "addon.c", "-o", libraries[way]], check=True)
    (folder / "image").write_bytes(sample_builder().build())
    return Addons(machine=machine, program=folder / "program", libraries=libraries, image=folder / "image")


def _lines(contents: str, status: str, others: str, link: str = "") -> list[str]:
    """Return the report on a file whose three calls of one kind agree; ``others``: access, readlink, realpath, ..."""
    calls = [f"{call} {contents}" for call in ("open", "openat", "fopen")]
    return [*calls, f"stat {status}", f"lstat {link or status}", f"fstatat {status}", *others.splitlines()]


FILE: Final = f"{stat.S_IFREG | 0o444:o} 5 {TIME}"
PACKAGED: Final = {
    "/snapshot/app/data/a.txt": _lines(
        "text", FILE, "access EROFS\nreadlink EINVAL\nrealpath /snapshot/app/data/a.txt\nopendir ENOTDIR\ndlopen failed"
    ),
    "/snapshot/app/link": _lines(
        "text",
        FILE,
        "access EROFS\nreadlink data/a.txt\nrealpath /snapshot/app/data/a.txt\nopendir ENOTDIR\ndlopen failed",
        f"{stat.S_IFLNK | 0o777:o} 10 {TIME}",
    ),
    # Twelve names, of which two begin with a dot, and four are directories.
    "/snapshot/app": _lines(
        "",
        f"{stat.S_IFDIR | 0o555:o} 4096 {TIME}",
        "access EROFS\nreadlink EINVAL\nrealpath /snapshot/app\nopendir 12 2 4 absolute\ndlopen failed",
    ),
    "/snapshot/app/none": _lines(
        "ENOENT", "ENOENT", "access ENOENT\nreadlink ENOENT\nrealpath ENOENT\nopendir ENOENT\ndlopen failed"
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", PACKAGED)
def test_packaged_files(addons: Addons, way: str, path: str) -> None:
    assert addons.report(way, path) == PACKAGED[path]


@pytest.mark.parametrize("way", WAYS)
def test_real_files(addons: Addons, way: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("real\n")
    status = f"{file.stat().st_mode:o} 5 {int(file.stat().st_mtime)}"
    others = f"access 0\nreadlink EINVAL\nrealpath {file}\nopendir ENOTDIR\ndlopen failed"
    assert addons.report(way, file) == _lines("real", status, others)


@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_2_gib(addons: Addons, way: str, tmp_path: Path) -> None:
    """Its size does not fit into the status that an addon for 32 bits without large files asks for."""
    file, size = tmp_path / "file", 1 << 31
    with file.open("wb") as out:
        out.truncate(size)
    platform, arch = addons.machine.name.split("-")
    is_narrow = catalogue().platforms[platform].libc == "glibc" and arch == "armv7" and way != "large"
    expected = errno.errorcode[errno.EOVERFLOW] if is_narrow else f"{file.stat().st_mode:o} {size}"
    seen = [line for line in addons.report(way, file) if "stat" in line.split()[0]]
    assert [line.split(" ", 1)[1].rsplit(" ", 0 if is_narrow else 1)[0] for line in seen] == 3 * [expected]
