"""Which files belong to which distribution, and what metadata states."""

from __future__ import annotations

from pypkg.collect.metadata import metadata_files
from pypkg.environment.distributions import Installed
from unit.packager.world import World

MARKERS = {"python_version": "3.13", "sys_platform": "linux", "platform_system": "Linux"}


def test_files_come_from_record(world: World) -> None:
    world.install("demo", {"demo/__init__.py": "", "demo/data.txt": ""})
    found = Installed([world.site]).owner(world.site, "demo/data.txt")
    assert found.name == "demo"
    assert found.version == "1.0"
    assert "demo/data.txt" in found.files
    assert not any(name.startswith("..") for name in found.files)


def test_requirements_follow_the_targets_markers(world: World) -> None:
    requires = ["A-b>=1", 'win; sys_platform == "win32"', 'extra_one; extra == "more"', "not a requirement !!"]
    world.install("demo", {}, requires=requires)
    assert Installed([world.site]).by_name["demo"].requirements(MARKERS) == {"a-b"}


def test_entry_points_by_group(world: World) -> None:
    world.install("demo", {}, entry_points="[group.a]\nOne = demo.one:run\ntwo = demo.two [x]\n")
    installed = Installed([world.site])
    assert installed.by_name["demo"].entry_points == {"group.a": ["demo.one", "demo.two"]}
    assert [found.name for found in installed.registering("group.a")] == ["demo"]


def test_an_egg_without_record(world: World) -> None:
    world.write(
        {
            "Old_Thing-2.0.egg-info/PKG-INFO": "Name: Old_Thing\nVersion: 2.0\n",
            "Old_Thing-2.0.egg-info/top_level.txt": "oldthing\n",
            "Old_Thing-2.0.egg-info/requires.txt": "six\n\n[extra]\nseven\n",
            "oldthing/__init__.py": "",
            "oldthing/__pycache__/x.pyc": "",
        },
        world.site,
    )
    found = Installed([world.site]).owner(world.site, "oldthing/__init__.py")
    assert (found.name, found.version) == ("old-thing", "2.0")
    assert found.requirements(MARKERS) == {"six"}
    assert not any("__pycache__" in name for name in found.files)


def test_files_nobody_lists_are_a_distribution_of_their_own(world: World) -> None:
    world.write({"loose/__init__.py": "", "loose/x.txt": ""}, world.site)
    found = Installed([world.site]).owner(world.site, "loose/__init__.py")
    assert (found.name, found.info) == ("loose", "")
    assert found.files == ["loose/__init__.py", "loose/x.txt"]


def test_an_editable_install_keeps_its_metadata(world: World) -> None:
    source = world.directory / "src"
    world.write({"lib/__init__.py": ""}, source)
    world.install("lib-dist", {"__editable__.lib_dist.pth": f"{source}\n"})
    found = Installed([world.site, source]).owner(source, "lib/__init__.py")
    assert (found.name, found.version) == ("lib-dist", "1.0")
    assert found.files == ["lib/__init__.py"]


def test_metadata_tells_nothing_of_the_machine(world: World) -> None:
    world.install("demo", {"demo/__init__.py": ""})
    files = {file.path: file for file in metadata_files(Installed([world.site]).by_name["demo"], "site-packages")}
    assert sorted(files) == ["site-packages/demo-1.0.dist-info/METADATA", "site-packages/demo-1.0.dist-info/RECORD"]
    record = files["site-packages/demo-1.0.dist-info/RECORD"].read().decode()
    assert record.splitlines() == [
        "demo-1.0.dist-info/METADATA,sha256=x,1",
        "demo-1.0.dist-info/RECORD,,",
        "demo/__init__.py,sha256=x,1",
    ]
