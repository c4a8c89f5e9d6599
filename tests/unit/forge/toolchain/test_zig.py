"""What zig makes of flags: the rules, the flags that the forge uses, and zig itself."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import needs
from pypkg_core.errors import PypkgError
from pypkg_core.targets.build_settings import Build
from pypkg_core.targets.catalogue import catalogue
from pypkg_forge.data import data_dir
from pypkg_forge.toolchain.wrappers import find_toolchain
from pypkg_forge.toolchain.zig import indirect_header, zig_flags

BUILDS = {
    f"{target.platform}-{target.arch}": target.build for target in catalogue().targets() if target.build is not None
}
SANITIZED = "-fsanitize="
# Flag that zig_flags refuses -> a word by which clang's command shows what zig makes of it.
REFUSED = {
    "-O": SANITIZED,
    "-O0": SANITIZED,
    "-Og": SANITIZED,
    "-O1": "-O2",
    "-O3": "-O2",
    "-O4": "-O2",
    "-Ofast": "-O2",
    "-Oz": "-Os",
    "-fpic": "-pic-level 2",
    "-fpie": "-pic-level 2",
    "-fstack-protector": "-stack-protector 2",
    "-fstack-protector-all": "-stack-protector 2",
}


def clang_line(folder: Path, *flags: str) -> str:
    """Return the command that zig gives clang, with one space between words."""
    (folder / "source.c").write_text("int variable;\n")
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(folder), "ZIG_LOCAL_CACHE_DIR": str(folder)}
    line = [str(find_toolchain().zig), "cc", "--verbose", "-target", "x86_64-linux-musl", *flags, "-c", "source.c"]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return next(" ".join(shlex.split(text)) for text in done.stderr.splitlines() if " -cc1 " in text)


def test_flags_that_zig_obeys_stay() -> None:
    flags = (
        "-O2",
        "-Os",
        "-g0",
        "-fPIC",
        "-fvisibility=hidden",
        "-march=x86_64_v2",
        "-D_GNU_SOURCE=",
        "-fstack-protector-strong",
        "-D_FORTIFY_SOURCE=3",
        "-Wno-date-time",
    )
    assert zig_flags(flags) == flags


def test_an_executable_is_told_in_words_that_do_not_depend_on_order() -> None:
    words = zig_flags(["-O2", "-fPIE", "-g0"])
    assert (words[0], words[-1]) == ("-O2", "-g0")
    assert set(words[1:-1]) == {"-fPIE", "-Xclang=-pic-is-pie", "-fdirect-access-external-data"}


@pytest.mark.parametrize("flag", REFUSED)
def test_what_zig_would_change_is_an_error(flag: str) -> None:
    with pytest.raises(PypkgError, match=rf"The compiler flag {flag} cannot be had: zig makes .*\n.*targets\.toml"):
        zig_flags(["-g0", flag])


@pytest.mark.parametrize("name", BUILDS)
def test_the_flags_of_each_machine_can_be_had(name: str) -> None:
    build: Build = BUILDS[name]
    for flags in (build.cflags, build.hardening_cflags, build.python_cflags, build.openssl_cflags):
        zig_flags(flags)


def test_levels_in_build_scripts_can_be_had() -> None:
    found = []
    for path in data_dir("cmake").rglob("*.cmake"):
        found += re.findall(r'(?<=[\s"])-O\w*', path.read_text("utf-8"))
    assert found
    assert zig_flags(found) == tuple(found)


def test_only_a_shared_c_library_has_variables_to_spare() -> None:
    for name, build in BUILDS.items():
        shared = "-static" not in build.ldflags
        assert shared == bool(build.indirect), name
        assert shared == ("-Wl,-z,nocopyreloc" in build.ldflags), name


def test_the_header_is_silent_about_what_a_source_does_not_mention(tmp_path: Path) -> None:
    needs.module("ziglang")
    (tmp_path / "indirect.h").write_text(indirect_header(["mentioned", "other"]))
    (tmp_path / "a.c").write_text("extern int mentioned;\nint *address(void) { return &mentioned; }\n")
    (tmp_path / "a.S").write_text(".globl f\nf: ret\n")
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(tmp_path), "ZIG_LOCAL_CACHE_DIR": str(tmp_path)}
    for name in ("a.c", "a.S"):
        line = [str(find_toolchain().zig), "cc", "-target", "x86_64-linux-musl", "-include", "indirect.h"]
        line += ["-O2", "-Wall", "-Wextra", "-Werror", "-c", name]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


# The facts: one that no longer holds can go.


@pytest.mark.parametrize("flag", REFUSED)
def test_zig_changes_a_refused_flag(flag: str, tmp_path: Path) -> None:
    needs.module("ziglang")
    words = f"{clang_line(tmp_path, flag)} "
    assert REFUSED[flag] in words
    assert f" {flag} " not in words or REFUSED[flag] == SANITIZED


def test_zig_takes_an_executable_for_a_library(tmp_path: Path) -> None:
    needs.module("ziglang")
    assert "-pic-is-pie" not in clang_line(tmp_path, "-O2", "-fPIE")
    assert "-pic-is-pie" in clang_line(tmp_path, *zig_flags(["-O2", "-fPIE"]))


def test_zig_takes_tuning_for_a_requirement(tmp_path: Path) -> None:
    needs.module("ziglang")
    assert re.findall(r"-target-cpu (\S+)", clang_line(tmp_path, "-O2", "-mtune=haswell"))[-1] == "haswell"
    translated = clang_line(tmp_path, *zig_flags(["-O2", "-mtune=haswell"]))
    assert re.findall(r"-target-cpu (\S+)", translated)[-1] == "x86-64"
    assert re.findall(r"-tune-cpu (\S+)", translated)[-1] == "haswell"
