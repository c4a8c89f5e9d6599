"""A test that cannot run says why in one way, and fails where nothing may be missing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import needs
from pypkg_core.errors import PypkgError, UnavailableError

TESTS = Path(__file__).parent
# Programs that are packaged, and CPython's driver, talk of skipping in another sense.
PROGRAMS = ("bases/project", "bases/processes", "bases/conformance/project", "acceptance/frozen_program", "cpython")
DECISIONS = re.compile(r"pytest\.skip\(|mark\.skipif|importorskip|mark\.skip\b|shutil\.which|from shutil import.*which")
# The fuzzers are a command of their own: what is missing ends it.
ALLOWED = {"needs.py", "test_needs.py", "fuzz/run.py"}

UNREACHABLE = subprocess.CompletedProcess(["pip"], 1, "", "Network is unreachable\n")
UNMET: dict[str, tuple[Callable[[], object], str]] = {
    "tool": (lambda: needs.tool("no-such-tool"), r"no-such-tool is not installed\. Debian: apt-get install no-such"),
    "tools": (lambda: needs.tools("sh", "no-such-tool"), "no-such-tool is not installed"),
    "module": (lambda: needs.module("no_such_module"), r"no_such_module is not installed\. pip install '\.\[forge\]'"),
    "privilege": (lambda: needs.privilege("chroot", "EPERM"), "chroot: not permitted here: EPERM.*--privileged"),
    "index": (lambda: needs.index(UNREACHABLE), r"index is unreachable.*leave out the tests with the marker index"),
}


@pytest.mark.parametrize("name", UNMET)
def test_what_is_missing_skips_a_test(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(needs.COMPLETE, raising=False)
    require, message = UNMET[name]
    with pytest.raises(pytest.skip.Exception, match=message):
        require()
    monkeypatch.setenv(needs.COMPLETE, "0")
    with pytest.raises(pytest.skip.Exception, match=message):
        require()


@pytest.mark.parametrize("name", UNMET)
def test_what_is_missing_fails_a_complete_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(needs.COMPLETE, "1")
    require, message = UNMET[name]
    with pytest.raises(pytest.fail.Exception, match=f"{message}.*{needs.COMPLETE} is set"):
        require()


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "my-cc")
    assert needs.compiler() == "my-cc"
    monkeypatch.delenv("CC")
    monkeypatch.setenv(needs.COMPLETE, "1")
    with pytest.raises(pytest.fail.Exception, match="No C compiler is installed"):
        needs.compiler()


def test_root_is_a_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv(needs.COMPLETE, "1")
    with pytest.raises(pytest.fail.Exception, match="root is needed to mount file systems"):
        needs.root("to mount file systems")


def test_another_kind_of_machine_is_never_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(needs.COMPLETE, "1")
    with pytest.raises(pytest.skip.Exception, match="a test for vms on vax"):
        needs.host("vms", "vax")


def test_sources_that_no_origin_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(needs.COMPLETE, "1")
    with (
        pytest.raises(pytest.skip.Exception, match="the sources of py399-vms: status 404"),
        needs.sources("py399-vms", kept=False),
    ):
        raise UnavailableError("status 404")
    with pytest.raises(pytest.fail.Exception, match="set PYPKG_SOURCE_MIRROR"), needs.sources("py399-vms", kept=True):
        raise UnavailableError("no answer")
    with pytest.raises(PypkgError, match="cmake"), needs.sources("py399-vms-vax", kept=False):
        raise PypkgError("cmake failed")


def test_what_is_there_is_given() -> None:
    assert Path(needs.tool("sh")).name == "sh"
    needs.module("pytest")
    needs.index(subprocess.CompletedProcess(["pip"], 0, "", ""))


def test_any_other_failure_of_pip_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(needs.COMPLETE, raising=False)
    with pytest.raises(pytest.fail.Exception, match="No matching distribution"):
        needs.index(subprocess.CompletedProcess(["pip"], 1, "", "No matching distribution found"))


def test_no_test_decides_by_itself() -> None:
    found = {}
    for path in sorted(TESTS.rglob("*.py")):
        name = path.relative_to(TESTS).as_posix()
        if name in ALLOWED or name.startswith(PROGRAMS):
            continue
        if lines := [line for line in path.read_text(encoding="utf-8").splitlines() if DECISIONS.search(line)]:
            found[name] = lines
    assert found == {}
