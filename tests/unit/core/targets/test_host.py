"""This machine as a target, and what it can run."""

from __future__ import annotations

import platform
import sys
from types import SimpleNamespace

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target, catalogue, latest_version
from pypkg_core.targets.host import host_target, runs_here


def test_the_host_is_in_the_table() -> None:
    assert host_target() in catalogue().targets()
    assert runs_here(host_target())


@pytest.mark.parametrize(("minor", "version"), [(12, "312"), (15, latest_version()), (99, latest_version())])
def test_a_python_that_is_not_available_stands_for_the_latest(
    monkeypatch: pytest.MonkeyPatch, minor: int, version: str
) -> None:
    monkeypatch.setattr(sys, "version_info", SimpleNamespace(major=3, minor=minor))
    assert host_target().version == version


@pytest.mark.parametrize(
    ("system", "libc", "machine", "name"),
    [
        ("linux", "glibc", "x86_64", "linux-x64"),
        ("linux", "", "aarch64", "alpine-arm64"),
        ("linux", "musl", "armv7l", "alpine-armv7"),
        ("win32", "", "AMD64", "win-x64"),
        ("win32", "", "ARM64", "win-arm64"),
        ("darwin", "", "arm64", "macos-arm64"),
        ("freebsd15", "", "amd64", "freebsd-x64"),
    ],
)
def test_this_machine_by_its_names(
    monkeypatch: pytest.MonkeyPatch, system: str, libc: str, machine: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    monkeypatch.setattr(platform, "machine", lambda: machine)
    found = host_target()
    assert f"{found.platform}-{found.arch}" == name


@pytest.mark.parametrize(("system", "machine"), [("cygwin", "x86_64"), ("linux", "riscv64")])
def test_a_machine_that_is_no_target(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    some = host_target()
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(PypkgError, match=f"{system}, {machine}"):
        host_target()
    assert not runs_here(some)


@pytest.mark.parametrize(
    ("host", "runs"),
    [
        ("linux-x64", {"linux-x64", "linuxstatic-x64"}),
        ("alpine-x64", {"alpine-x64", "linuxstatic-x64"}),
        ("win-arm64", {"win-arm64"}),
        ("macos-arm64", {"macos-arm64"}),
    ],
)
def test_what_a_machine_runs(host: str, runs: set[str]) -> None:
    platform_name, arch = host.split("-")
    machine = Target(version="313", platform=platform_name, arch=arch)
    found = {f"{target.platform}-{target.arch}" for target in catalogue().targets() if runs_here(target, machine)}
    assert found == runs
