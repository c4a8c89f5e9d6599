"""The two releases of musl differ in what a program finds there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from musl_root import MUSLS, make_root
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_core.targets.host import host_target
from zig_build import find_zig

pytestmark = pytest.mark.foreign

# `preadv2` came with musl 1.2.5: the loader of an older one refuses the program.
PROGRAM = """
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/uio.h>
int main(void) {
    struct iovec none = {0, 0};
    return printf("%s\\n", preadv2(-1, &none, 1, 0, 0) < 0 ? "called" : "wrong") < 0;
}
"""
SAID = {
    "1.2.3": (127, "", "Error relocating /program: preadv2: symbol not found\n"),
    "1.2.5": (0, "called\n", ""),
}


def _host() -> Target:
    host = host_target()
    platform = next(row.name for row in catalogue().platforms.values() if row.libc == "musl" and row.addons)
    return Target(version=host.version, platform=platform, arch=host.arch)


@pytest.mark.parametrize("release", MUSLS)
def test_what_a_release_has(release: str, tmp_path: Path) -> None:
    target = _host()
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(PROGRAM)
    command: list[str | Path] = [find_zig(), "cc", "-target", target.machine.triple, "-dynamic", source, "-o", program]
    subprocess.run(command, check=True)
    done = make_root(tmp_path / "root", release, target, program).run(program)
    assert (done.returncode, done.stdout, done.stderr) == SAID[release]
