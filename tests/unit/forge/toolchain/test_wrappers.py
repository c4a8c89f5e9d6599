"""The compiler wrappers."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from pypkg_core.targets.catalogue import catalogue
from pypkg_forge.toolchain import wrappers as toolchain
from pypkg_forge.toolchain.wrappers import WrapperPaths


def paths_below(folder: Path) -> WrapperPaths:
    return WrapperPaths(
        tools=folder / "tools",
        zig=folder / "it's zig",
        cmake=folder / "cmake",
        cache=folder / "cache",
        root=folder,
        prefix=folder / "prefix",
        runtime=folder / "runtime",
    )


MACHINES = catalogue().machines
MUSL = MACHINES["linuxstatic", "x64"]
ARM = MACHINES["linuxstatic", "arm64"]
GLIBC = MACHINES["linux", "x64"]


def test_a_wrapper_passes_arguments_on(tmp_path: Path) -> None:
    zig = tmp_path / "it's zig"
    zig.write_text('#!/bin/sh\nfor word; do echo "$word"; done\necho "$ZIG_LOCAL_CACHE_DIR"\n')
    zig.chmod(0o755)
    toolchain.write_wrappers(MUSL, (), "posix", paths_below(tmp_path))
    done = subprocess.run(
        [tmp_path / "tools" / "pypkg-cc-redirected", "-c", "a file.c"], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[:3] == ["cc", "-target", "x86_64-linux-musl"]
    assert str(tmp_path / "runtime" / "posix" / "redirect.h") in lines
    assert "a file.c" in lines
    assert lines[-2:] == [f"-L{tmp_path / 'prefix' / 'lib'}", str(tmp_path / "cache")]


def test_a_wrapper_that_is_right_is_left_alone(tmp_path: Path) -> None:
    toolchain.write_wrappers(MUSL, (), "posix", paths_below(tmp_path))
    wrapper = tmp_path / "tools" / "pypkg-cc"
    os.utime(wrapper, (1, 1))
    toolchain.write_wrappers(MUSL, (), "posix", paths_below(tmp_path))
    assert wrapper.stat().st_mtime == 1
    toolchain.write_wrappers(ARM, (), "posix", paths_below(tmp_path))
    assert wrapper.stat().st_mtime != 1


def test_the_key_contains_no_path_of_this_machine(tmp_path: Path) -> None:
    first = toolchain.wrapper_key(MUSL, (), "posix")
    assert str(Path.home()) not in str(first)
    assert first != toolchain.wrapper_key(ARM, (), "posix")
    assert first != toolchain.wrapper_key(MUSL, ("environ",), "posix")
    assert first != toolchain.wrapper_key(MUSL, (), "windows")
    assert first != toolchain.wrapper_key(replace(MUSL, cpu="x86_64_v2"), (), "posix")


def test_compilers_of_the_target_include_the_header_of_variables_first(tmp_path: Path) -> None:
    toolchain.write_wrappers(GLIBC, ("environ", "stdout"), "posix", paths_below(tmp_path))
    header = tmp_path / "tools" / "indirect.h"
    assert "#pragma weak environ\n#pragma weak stdout\n" in header.read_text()
    for name in ("pypkg-cc", "pypkg-cc-redirected"):
        words = shlex.split((tmp_path / "tools" / name).read_text())
        assert words[words.index("-include") + 1] == str(header)
    assert "-include" not in (tmp_path / "tools" / "pypkg-host-cc").read_text()
