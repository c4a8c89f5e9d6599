"""Which targets are tested is a rule, not a list."""

from __future__ import annotations

from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import host_target, runs_here
from pypkg_core.targets.parse import parse_target
from targets import (
    ALL,
    DEFAULT,
    EMULATED,
    FOREIGN,
    NATIVE,
    NEWEST,
    PARAMETERS,
    STATICS,
    default_targets,
    is_kept,
    targets_of,
)


def _targets(*names: str) -> list[Target]:
    parts = (name.split("-") for name in names)
    return [Target(version=version, platform=platform, arch="x64") for version, platform in parts]


def test_the_newest_of_every_platform_and_the_oldest_of_the_hosts_own() -> None:
    tested = _targets("314-linuxstatic", "314-linux", "313-linuxstatic", "312-linux", "311-linuxstatic", "311-linux")
    assert default_targets(tested, "linux") == _targets("314-linuxstatic", "314-linux", "311-linux")
    assert default_targets(tested, "alpine") == _targets("314-linuxstatic", "314-linux")
    assert default_targets([], "linux") == []


def test_one_series_is_taken_once() -> None:
    assert default_targets(_targets("313-linux"), "linux") == _targets("313-linux")


def test_what_a_default_run_leaves_out_is_marked() -> None:
    marks = {parameter.values[0]: [mark.name for mark in parameter.marks] for parameter in PARAMETERS}
    assert list(marks) == list(ALL)
    assert {name for name, found in marks.items() if not found} == set(DEFAULT)
    assert {name for name, found in marks.items() if found == ["foreign"]} == set(FOREIGN)
    assert {name for name, found in marks.items() if found == ["forge"]} == set(NATIVE) - set(DEFAULT)


def test_native_is_what_this_machine_runs_by_itself() -> None:
    assert all(runs_here(parse_target(name)) for name in NATIVE)
    assert not any(runs_here(parse_target(name)) for name in FOREIGN)
    assert [parameter.values[0] for parameter in STATICS] == [name for name in ALL if parse_target(name).is_static]


def test_a_default_run_needs_only_sources_that_every_machine_can_get() -> None:
    assert all(is_kept(parse_target(name).version) for name in DEFAULT)
    assert is_kept("311") and not is_kept("312")


def test_every_machine_of_the_hosts_system_is_tested() -> None:
    host = host_target()
    tested = targets_of(host)
    assert {target.facts.sys_platform for target in tested} == {host.facts.sys_platform}
    assert any(target.arch != host.arch for target in tested)
    assert targets_of(None) == []


def test_cpythons_tests_run_on_another_processor_of_the_same_kind() -> None:
    targets = [parse_target(name) for name in EMULATED]
    assert set(EMULATED) <= set(FOREIGN)
    assert {target.platform for target in targets} <= {parse_target(name).platform for name in DEFAULT}
    assert "py313-linux-armv7" not in EMULATED
    newest = max(parse_target(name).version for name in NATIVE)
    assert {parse_target(name).version for name in NEWEST} == {newest}
