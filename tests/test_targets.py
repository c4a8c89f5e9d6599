"""Which targets are tested is a rule, not a list."""

from __future__ import annotations

from pypkg_core.targets.catalogue import Target
from targets import ALL, DEFAULT, PARAMETERS, default_targets


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
    marked = {parameter.values[0] for parameter in PARAMETERS if parameter.marks}
    assert [parameter.values[0] for parameter in PARAMETERS] == list(ALL)
    assert marked == set(ALL) - set(DEFAULT)
