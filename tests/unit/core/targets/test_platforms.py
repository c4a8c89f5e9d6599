"""Facts of platforms and machines: names, suffixes, tags, limits."""

from __future__ import annotations

import dataclasses
import importlib.machinery
import os
import platform
import re
import sys
from pathlib import Path

import pytest

from pypkg_core.targets.arches import Arch
from pypkg_core.targets.catalogue import Machine, Target, catalogue
from pypkg_core.targets.host import host_target
from pypkg_core.targets.platforms import Platform


def target(text: str) -> Target:
    version, name, arch = text.split("-")
    return Target(version=version, platform=name, arch=arch)


def test_the_facts_about_this_machine_are_true() -> None:
    host = host_target()
    facts = host.facts
    assert (facts.os_name, facts.platform_system) == (os.name, platform.system())
    assert facts.sys_platform.rstrip("0123456789") == sys.platform.rstrip("0123456789")
    assert host.machine.platform_machine == platform.machine()
    assert host.extension_suffixes == importlib.machinery.EXTENSION_SUFFIXES


@pytest.mark.parametrize(
    ("name", "first", "contained"),
    [
        ("313-linux-x64", "manylinux2014_x86_64", "manylinux_2_28_x86_64"),
        ("313-linux-armv7", "manylinux2014_armv7l", "manylinux_2_31_armv7l"),
        ("313-alpine-arm64", "musllinux_1_2_aarch64", "musllinux_1_1_aarch64"),
        ("313-win-x64", "win_amd64", "win_amd64"),
        ("313-win-arm64", "win_arm64", "win_arm64"),
        ("313-macos-arm64", "macosx_11_0_arm64", "macosx_26_0_universal2"),
        ("313-macos-x64", "macosx_11_0_x86_64", "macosx_11_0_universal2"),
        ("313-freebsd-x64", "freebsd_14_0_release_amd64", "freebsd_14_3_release_amd64"),
    ],
)
def test_wheel_tags(name: str, first: str, contained: str) -> None:
    tags = [tag.name for tag in target(name).wheel_tags]
    assert tags[0] == first
    assert contained in tags
    assert len(set(tags)) == len(tags)


def test_wheels_for_the_version_of_the_base_and_older_ones_come_first() -> None:
    tags = target("313-linux-x64").wheel_tags
    versions = [tag.version[1] for tag in tags if tag.name.startswith("manylinux_2_")]
    assert versions == [*range(17, 4, -1), *range(18, 45)]
    assert [tag.name for tag in tags if tag.version == (2, 12)] == ["manylinux2010_x86_64", "manylinux_2_12_x86_64"]
    assert (tags[-1].name, tags[-1].version) == ("linux_x86_64", ())  # nothing says what it needs
    assert target("313-linuxstatic-x64").wheel_tags == []


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        ("313-linux-x64", [".cpython-313-x86_64-linux-gnu.so", ".abi3.so", ".so"]),
        ("311-linux-armv6", [".cpython-311-arm-linux-gnueabihf.so", ".abi3.so", ".so"]),
        ("313-alpine-arm64", [".cpython-313-aarch64-linux-musl.so", ".abi3.so", ".so"]),
        ("314-macos-arm64", [".cpython-314-darwin.so", ".abi3.so", ".so"]),
        ("313-win-x64", [".cp313-win_amd64.pyd", ".pyd"]),
        ("313-win-arm64", [".cp313-win_arm64.pyd", ".pyd"]),
        ("313-freebsd-x64", [".cpython-313.so", ".abi3.so", ".so"]),
        ("313-linuxstatic-x64", []),
    ],
)
def test_extension_suffixes(name: str, suffixes: list[str]) -> None:
    assert target(name).extension_suffixes == suffixes
    assert target(name).addons == bool(suffixes)


def test_paths_of_packaged_files() -> None:
    posix, windows = catalogue().platforms["linux"], catalogue().platforms["win"]
    assert [posix.snapshot_path(path) for path in ("", "lib/a.py")] == ["/snapshot", "/snapshot/lib/a.py"]
    assert [windows.snapshot_path(path) for path in ("", "lib/a.py")] == ["C:\\snapshot", "C:\\snapshot\\lib\\a.py"]


def test_the_smaller_limit_of_platform_and_processor_holds() -> None:
    assert target("313-linux-x64").largest_executable is None
    assert target("313-linux-armv7").largest_executable == 2**30
    assert target("313-win-x64").largest_executable == 2**31 - 1


def test_what_loads_addons_on_the_same_system() -> None:
    assert target("313-linuxstatic-arm64").with_addons == target("313-linux-arm64")
    assert target("313-win-x64").with_addons == target("313-win-x64")


def test_the_documentation_explains_every_key() -> None:
    page = (Path(__file__).parents[4] / "docs" / "platforms.md").read_text(encoding="utf-8")
    for row, heading in ((Platform, "platforms"), (Arch, "arches"), (Machine, "machines")):
        table = page.partition(f"## `[[{heading}]]`")[2].partition("\n## ")[0]
        keys = {
            key
            for line in table.splitlines()
            for key in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
        }
        assert keys == {field.name for field in dataclasses.fields(row)}


def test_the_triple_has_the_version_of_the_c_library() -> None:
    rows = [(machine.triple, catalogue().platforms[machine.platform]) for machine in catalogue().machines.values()]
    versions = {
        triple.partition("-linux-gnu")[2].partition(".")[2]: facts.minimum
        for triple, facts in rows
        if facts.libc == "glibc"
    }
    assert versions == {"2.17": "2.17"}
