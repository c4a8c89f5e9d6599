"""The kernel is asked to start an emulator only once, with Debian's rule, and says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

import binfmt

EMULATOR = "qemu-vax-static"
RULE = r":qemu-vax:M::\x7fELF:\xff\xff\xff\xff:/usr/libexec/vax:OP"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """What stands for binfmt_misc, and a folder of rules."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    kernel, rules = tmp_path / "kernel", tmp_path / "rules"
    kernel.mkdir()
    rules.mkdir()
    (kernel / "register").touch()
    (kernel / "status").write_text("enabled\n")
    (rules / "qemu-vax.conf").write_text(f"# Debian\n{RULE}\n")
    return kernel, rules


def _enter(kernel: Path, name: str, flags: str, state: str = "enabled") -> None:
    (kernel / name).write_text(f"{state}\ninterpreter /usr/libexec/vax\nflags: {flags}\noffset 0\n")


@pytest.mark.parametrize("name", ["qemu-vax", "pypkg-qemu-vax"])
def test_what_is_registered_is_used(folders: tuple[Path, Path], name: str) -> None:
    kernel, rules = folders
    _enter(kernel, name, "POF")
    assert binfmt.cannot_register(EMULATOR, kernel, rules) == ""
    assert (kernel / "register").read_text() == ""


@pytest.mark.parametrize(("flags", "state"), [("PO", "enabled"), ("POF", "disabled")])
def test_an_entry_of_another_kind_is_not_enough(folders: tuple[Path, Path], flags: str, state: str) -> None:
    kernel, rules = folders
    _enter(kernel, "qemu-vax", flags, state)
    assert binfmt.cannot_register(EMULATOR, kernel, rules) == "binfmt_misc is disabled"
    assert (kernel / "register").read_text() == RULE.replace(":qemu-vax:", ":pypkg-qemu-vax:") + "F"


def test_without_root(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert binfmt.cannot_register(EMULATOR, *folders) == "only root can register an emulator with binfmt_misc"


def test_without_a_rule(folders: tuple[Path, Path], tmp_path: Path) -> None:
    problem = binfmt.cannot_register(EMULATOR, folders[0], tmp_path / "none")
    assert problem.startswith(f"there is no rule for {EMULATOR}: ") and "qemu-vax.conf" in problem


def test_a_kernel_that_has_no_binfmt_misc(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, rules = folders
    (kernel / "register").unlink()
    monkeypatch.setenv("PATH", str(rules))
    (rules / "mount").write_text("#!/bin/sh\necho 'mount: unknown filesystem type' >&2\nexit 32\n")
    (rules / "mount").chmod(0o755)
    problem = binfmt.cannot_register(EMULATOR, kernel, rules)
    assert problem == "binfmt_misc cannot be mounted: mount: unknown filesystem type"
