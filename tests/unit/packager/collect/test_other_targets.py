"""Distributions for another target than this machine: wheels that replace, add and leave out what is installed."""

from __future__ import annotations

import functools
import os
from dataclasses import replace

import pytest

from pypkg.environment.index import Index
from pypkg.environment.locks.find import find_lock
from pypkg.environment.resolution import Resolution
from pypkg_core.binaries.binary import Minimum
from pypkg_core.errors import PypkgError
from pypkg_core.image import ModuleKind
from unit.core.binaries.fixture_files import all_fixtures, with_packed_relocations
from unit.packager.world import ADDON, VERSION, World, details, elf, names, notices, paths, warnings
from unit.wheel_index import WheelIndex

HERE = f"cp{VERSION}-cp{VERSION}-manylinux2014_x86_64"


@pytest.fixture
def index() -> WheelIndex:
    return WheelIndex()


def offer(world: World, index: WheelIndex, newest: Minimum | None = None) -> None:
    """Let pip see the files of an index, and nothing else."""
    links = str(index.write(world.directory / "links"))
    world.resolution = Resolution(index=Index(no_index=True, find_links=(links,)), newest=newest)


def text(payload_path: str, world: World, **target: str) -> bytes:
    found = world.collect(**target)
    return next(file.read() for file in found.files if file.path == payload_path)


@functools.cache
def native(fixture: str) -> bytes:
    return all_fixtures()[fixture]


# What an extension module of each kind of target is called, and an executable of it from the fixtures.
KINDS = [
    ("linux", "arm64", "manylinux_2_17_aarch64", "fast.cpython-{}-aarch64-linux-gnu.so", "linux-arm64.so"),
    ("linux", "armv7", "manylinux_2_31_armv7l", "fast.cpython-{}-arm-linux-gnueabihf.so", "linux-arm.so"),
    ("alpine", "x64", "musllinux_1_2_x86_64", "fast.cpython-{}-x86_64-linux-musl.so", "alpine-x64.so"),
    ("win", "x64", "win_amd64", "fast.cp{}-win_amd64.pyd", "win-x64.pyd"),
    ("macos", "arm64", "macosx_11_0_arm64", "fast.cpython-{}-darwin.so", "macos-arm64.dylib"),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_every_kind_of_target_gets_its_wheel_without_running_it(
    world: World, index: WheelIndex, monkeypatch: pytest.MonkeyPatch, kind: tuple[str, str, str, str, str]
) -> None:
    platform, arch, tag, file, fixture = kind
    # No emulator: nothing of a target may be started.
    monkeypatch.setenv("PATH", os.fspath(world.environment / "bin"))
    addon = file.format(VERSION)
    index.add(
        "dep",
        "1.0",
        f"cp{VERSION}-cp{VERSION}-{tag}",
        {"dep/__init__.py": f"from . import fast\nFOR = '{tag}'\n", f"dep/{addon}": native(fixture)},
    )
    offer(world, index)
    files: dict[str, str | bytes] = {
        "dep/__init__.py": "from . import fast, of_this_machine\n",
        f"dep/fast{ADDON}": elf(),
    }
    world.install("dep", {**files, "dep/of_this_machine.py": ""}, tag=HERE)
    world.write({"app.py": "import dep\n"})
    found = world.collect(platform=platform, arch=arch)
    assert names(found) == {"__main__", "dep", "dep.fast"}
    extension = next(module for module in found.modules if module.name == "dep.fast")
    assert (extension.kind, extension.path) == (ModuleKind.EXTENSION, f"site-packages/dep/{addon}")
    assert f"dep: using its wheel for py{VERSION}-{platform}-{arch}" in notices(found)
    # The code is that of the wheel: the installed source of the same path was compiled before.
    package = next(module for module in found.modules if module.name == "dep")
    assert package.code is not None and tag.encode() in package.code


def test_two_wheels_of_one_version_are_not_mixed(world: World, index: WheelIndex) -> None:
    for tag, file, fixture, word in (
        ("manylinux2014_aarch64", f"fast.cpython-{VERSION}-aarch64-linux-gnu.so", "linux-arm64.so", "first"),
        ("win_amd64", f"fast.cp{VERSION}-win_amd64.pyd", "win-x64.pyd", "second"),
    ):
        files: dict[str, str | bytes] = {"dep/__init__.py": f"from . import fast\nWORD = '{word} word'\n"}
        index.add("dep", "1.0", f"cp{VERSION}-cp{VERSION}-{tag}", {**files, f"dep/{file}": native(fixture)})
    offer(world, index)
    world.install("dep", {"dep/__init__.py": "from . import fast\n", f"dep/fast{ADDON}": elf()}, tag=HERE)
    world.write({"app.py": "import dep\n"})
    for platform, arch, expected in (("linux", "arm64", b"first word"), ("win", "x64", b"second word")) * 2:
        package = next(module for module in world.collect(platform=platform, arch=arch).modules if module.name == "dep")
        assert package.code is not None and expected in package.code


def test_what_only_the_target_requires_is_added(world: World, index: WheelIndex) -> None:
    index.add("colours", "0.4.6", "py3-none-any", {"colours/__init__.py": "", "colours/data.txt": "x"})
    index.add("colours", "0.5", "py3-none-any", {"colours/__init__.py": ""})
    index.add("zones", "2026.1", "py3-none-any", {"zones/__init__.py": "", "zones/table": "z"}, requires=["deep"])
    index.add("deep", "1", "py3-none-any", {"deep.py": ""})
    offer(world, index)
    world.install(
        "dep",
        {"dep.py": "import sys\nif sys.platform == 'win32':\n    import colours\n"},
        requires=["colours<0.5; sys_platform == 'win32'", "zones>=1; platform_system == 'Windows'"],
    )
    world.write({"app.py": "import dep\n"})
    found = world.collect(platform="win")
    # All of it, also what nothing imports, and what that requires.
    assert {"colours", "zones", "deep"} <= names(found)
    assert {"site-packages/colours/data.txt", "site-packages/zones/table"} <= paths(found)
    assert "site-packages/colours-0.4.6.dist-info/METADATA" in paths(found)
    assert f"colours: added for py{VERSION}-win-x64" in notices(found)
    assert names(world.collect()) == {"__main__", "dep"}


def test_what_only_the_target_requires_and_nobody_has_is_an_error(world: World, index: WheelIndex) -> None:
    index.add_source("zones", "1.0")
    offer(world, index)
    world.install("dep", {"dep.py": ""}, requires=["zones>=1; sys_platform == 'win32'"])
    world.write({"app.py": "import dep\n"})
    with pytest.raises(PypkgError) as caught:
        world.collect(platform="win")
    assert f"Cannot package zones >=1 for py{VERSION}-win-x64: dep requires it there" in str(caught.value)
    assert "files that exist: zones-1.0.tar.gz" in str(caught.value)
    assert "Only its source exists" in str(caught.value)
    # What was missing is there now.
    index.add("zones", "1.0", "py3-none-any", {"zones.py": ""})
    offer(world, index)
    assert "zones" in names(world.collect(platform="win"))


def test_what_only_this_machine_requires_is_left_out(world: World) -> None:
    world.install("loop", {"loop/__init__.py": "", f"loop/fast{ADDON}": elf()}, tag=HERE)
    world.install(
        "dep",
        {"dep.py": "try:\n    import loop\nexcept ImportError:\n    loop = None\n"},
        requires=["loop; sys_platform != 'win32'"],
    )
    world.write({"app.py": "import dep\n"})
    assert "loop" in names(world.collect())
    found = world.collect(platform="win")
    assert names(found) == {"__main__", "dep"}
    assert f"loop: left out, because nothing requires it on py{VERSION}-win-x64" in notices(found)


def test_what_the_code_cannot_do_without_stays(world: World) -> None:
    world.install("pure", {"pure.py": ""})
    world.install("dep", {"dep.py": "import pure\n"}, requires=["pure; sys_platform != 'win32'"])
    world.write({"app.py": "import dep\n"})
    assert "pure" in names(world.collect(platform="win"))


def test_extras_and_what_they_require(world: World, index: WheelIndex) -> None:
    index.add("tls-win", "1", "py3-none-any", {"tls_win.py": ""})
    offer(world, index)
    world.install(
        "http",
        {"http_client.py": ""},
        requires=["tls-win; extra == 'tls' and sys_platform == 'win32'", "no; extra == 'no'"],
    )
    pyproject = (
        '[project]\nname = "demo"\ndependencies = []\n[project.optional-dependencies]\n'
        'all = ["demo[net]"]\nnet = ["http[TLS]"]\n[project.scripts]\ndemo = "demo:main"\n'
    )
    world.write({"pyproject.toml": pyproject, "demo/__init__.py": "import http_client\ndef main(): ...\n"})
    assert "tls_win" not in names(world.collect("", platform="win"))
    world.write({"pyproject.toml": pyproject + '[tool.pypkg]\nextras = ["all"]\n'})
    assert "tls_win" in names(world.collect("", platform="win"))


def test_an_extra_that_does_not_exist(world: World) -> None:
    pyproject = '[project]\nname = "demo"\n[project.optional-dependencies]\na = []\n[tool.pypkg]\nextras = ["b"]\n'
    world.write({"pyproject.toml": pyproject, "__main__.py": ""})
    with pytest.raises(PypkgError, match=r"There is no extra 'b' in .*; it declares: a"):
        world.collect("")


def test_a_private_distribution_is_never_replaced_by_a_stranger(world: World, index: WheelIndex) -> None:
    files: dict[str, str | bytes] = {"dep/__init__.py": "from . import fast\n", f"dep/fast{ADDON}": elf()}
    world.install("dep", files, tag=HERE, direct_url="git+https://git.example/dep")
    world.write({"app.py": "import dep\n"})
    # The stranger's is on an index that answers; no address is given for links.
    world.resolution = Resolution(index=Index(index_url="http://127.0.0.1:9/simple/"))
    with pytest.raises(PypkgError, match="was installed from a path or a repository") as caught:
        world.collect(platform="win")
    assert "Give --find-links a directory with its wheel" in str(caught.value)
    own: dict[str, str | bytes] = {
        "dep/__init__.py": "from . import fast\n",
        f"dep/fast.cp{VERSION}-win_amd64.pyd": native("win-x64.pyd"),
    }
    index.add("dep", "1.0", f"cp{VERSION}-cp{VERSION}-win_amd64", own)
    links = str(index.write(world.directory / "links"))
    world.resolution = Resolution(index=Index(index_url="http://127.0.0.1:9/simple/", find_links=(links,)))
    assert f"site-packages/dep/fast.cp{VERSION}-win_amd64.pyd" in paths(world.collect(platform="win"))


def test_a_missing_wheel_is_one_error_with_what_exists(world: World, index: WheelIndex) -> None:
    index.add("dep", "1.0", f"cp{VERSION}-cp{VERSION}-win_amd64", {})
    index.add("dep", "1.0", "cp310-cp310-manylinux2014_aarch64", {})
    index.add("dep", "1.1", f"cp{VERSION}-cp{VERSION}-manylinux2014_aarch64", {})
    offer(world, index)
    world.install("dep", {"dep/__init__.py": "from . import fast\n", f"dep/fast{ADDON}": elf()}, tag=HERE)
    world.write({"app.py": "import dep\n"})
    with pytest.raises(PypkgError) as caught:
        world.collect(arch="arm64")
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        f"Cannot package dep 1.0 for py{VERSION}-linux-arm64: its native addon dep.fast is installed for another"
        " Python or platform, and no wheel that fits was found"
    )
    assert "  imported by: dep, line 1" in lines
    assert f"  tags tried: cp{VERSION}, abi3, none on manylinux2014_aarch64 to linux_aarch64 and any" in lines
    exists = f"dep-1.0-cp310-cp310-manylinux2014_aarch64.whl, dep-1.0-cp{VERSION}-cp{VERSION}-win_amd64.whl"
    assert f"  files that exist: {exists}" in lines
    assert lines[-1].startswith(f"Hint: Package for one of py{VERSION}-win-x64, or give --find-links")


def test_a_newer_glibc_is_told_or_refused(world: World, index: WheelIndex) -> None:
    newer = native("linux-x64")  # it needs glibc 2.34
    tag = f"cp{VERSION}-cp{VERSION}-manylinux_2_34_x86_64"
    index.add("dep", "1.0", f"cp{VERSION}-cp{VERSION}-manylinux2014_x86_64", {"dep.py": "OLD = 'for all'\n"})
    world.install("dep", {"dep.py": "", "dep.libs/libx.so.1": newer}, tag=tag)
    world.write({"app.py": "import dep\n"})
    told = "The executable needs glibc 2.34 or newer at run time, because of dep (glibc 2.34)"
    assert told in notices(world.collect())  # the index has none
    world.resolution = Resolution(index=Index(no_index=True), newest=Minimum(name="glibc", version=(2, 17)))
    with pytest.raises(PypkgError, match=r"with glibc 2\.17: its native code needs a newer one"):
        world.collect()
    offer(world, index, newest=Minimum(name="glibc", version=(2, 17)))
    found = world.collect()
    assert "dep: using its wheel for" in "\n".join(notices(found))
    assert told not in notices(found)
    assert not [path for path in paths(found) if "dep.libs" in path]


def test_packed_relocations_for_alpine_are_told_or_refused(world: World, index: WheelIndex) -> None:
    tag = f"cp{VERSION}-cp{VERSION}-musllinux_1_2_x86_64"
    packed = with_packed_relocations("alpine-x64.so")
    index.add(
        "dep", "1.0", tag, {"dep.py": "", "dep.libs/libx.so.1": packed, "dep.libs/liby.so": native("alpine-x64.so")}
    )
    offer(world, index)
    world.install("dep", {"dep.py": "", "dep.libs/libx.so.1": native("linux-x64.so")}, tag=HERE)
    world.write({"app.py": "import dep\n"})
    told = "needs musl 1.2.4 or newer at run time, because of dep (musl 1.2.4 for its packed relative relocations)"
    found = world.collect(platform="alpine")
    assert f"The executable {told}" in notices(found)
    assert "site-packages/dep.libs/libx.so.1" in paths(found)
    assert told not in "\n".join(notices(world.collect()))
    offer(world, index, newest=Minimum(name="musl", version=(1, 2, 3)))
    with pytest.raises(PypkgError, match=r"with musl 1\.2\.3: its native code needs a newer one") as caught:
        world.collect(platform="alpine")
    assert "dep: needs musl 1.2.4 for its packed relative relocations" in str(caught.value)


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (243, "is a library for RISC-V; no target can load it; left out"),
        (183, f"is a library for AArch64; py{VERSION}-linux-x64 cannot load it; left out"),
        (None, "is not a library of a known format; no target can load it; left out"),
    ],
)
def test_a_library_of_the_project_that_cannot_be_loaded_is_listed(world: World, machine: int | None, said: str) -> None:
    code = "import ctypes, pathlib\nFILES = pathlib.Path(__file__).parent / 'libs'\n"
    other = elf(machine) if machine is not None else b"INPUT(libother.so)"
    world.write({"app.py": code, "libs/libours.so": elf(), "libs/libother.so": other})
    found = world.collect()
    assert f"app/libs/libother.so: {said}" in details(found)
    assert {"app/libs/libours.so"} == {path for path in paths(found) if path.endswith(".so")}


def test_files_outside_site_packages_are_where_the_prefix_is(world: World, index: WheelIndex) -> None:
    index.add(
        "dep",
        "1.0",
        f"cp{VERSION}-cp{VERSION}-win_amd64",
        {
            "dep.py": "",
            f"fast.cp{VERSION}-win_amd64.pyd": native("win-x64.pyd"),
            "dep-1.0.data/data/share/dep/theirs.txt": "wheel",
            "dep-1.0.data/scripts/dep": "#!python\n",
        },
    )
    offer(world, index)
    world.install(
        "dep",
        {
            "dep.py": "import fast\n",
            f"fast{ADDON}": elf(),
            "../../../share/dep/ours.txt": "installed",
            "../../../include/dep.h": "",
            "../../../lib/python3.99/x.txt": "",
            "../../../../outside.txt": "",
        },
        tag=HERE,
    )
    world.write({"app.py": "import dep\n"})
    outside = {path for path in paths(world.collect()) if not path.startswith("site-packages/")}
    assert outside == {"share/dep/ours.txt"}
    outside = {path for path in paths(world.collect(platform="win")) if not path.startswith("site-packages/")}
    assert outside == {"share/dep/theirs.txt"}


def test_a_namespace_from_several_wheels(world: World, index: WheelIndex) -> None:
    for name in ("one", "two"):
        suffix = f".cp{VERSION}-win_amd64.pyd"
        files: dict[str, str | bytes] = {f"space/{name}/__init__.py": "from . import fast\n"}
        index.add(
            f"space-{name}",
            "1",
            f"cp{VERSION}-cp{VERSION}-win_amd64",
            {**files, f"space/{name}/fast{suffix}": native("win-x64.pyd")},
        )
        world.install(f"space_{name}", {**files, f"space/{name}/fast{ADDON}": elf()}, version="1", tag=HERE)
    # What only the installed one has is not part of the wheel that replaces it.
    (world.site / "space/one/of_this_machine.py").write_text("")
    (world.site / "space/alone_one.py").write_text("")
    record = world.site / "space_one-1.dist-info" / "RECORD"
    record.write_text(f"{record.read_text()}space/alone_one.py,,\nspace/one/of_this_machine.py,,\n")
    world.install("space_three", {"space/three.py": ""}, version="1", tag="py3-none-any")
    offer(world, index)
    code = "import space.one, space.two, space.three\ntry:\n    import space.alone_one\nexcept ImportError:\n    pass\n"
    world.write({"app.py": code})
    assert "space.alone_one" in names(world.collect())
    found = world.collect(platform="win")
    assert not {"space.alone_one", "space.one.of_this_machine"} & names(found)
    assert {"space", "space.one.fast", "space.two.fast", "space.three"} <= names(found)
    assert not warnings(found)


def test_what_a_script_declares_for_the_target_only_is_added(world: World, index: WheelIndex) -> None:
    index.add("colours", "0.4", "py3-none-any", {"colours.py": ""})
    offer(world, index)
    block = "# /// script\n# dependencies = [\"colours; sys_platform == 'win32'\"]\n# ///\n"
    world.write({"app.py": block + "try:\n    import colours\nexcept ImportError:\n    colours = None\n"})
    assert "colours" in names(world.collect(platform="win"))
    assert names(world.collect()) == {"__main__"}


def test_a_lock_chooses_versions_and_files_for_every_target(world: World, index: WheelIndex) -> None:
    tag = f"cp{VERSION}-cp{VERSION}-win_amd64"
    files: dict[str, str | bytes] = {"dep/__init__.py": "from . import fast\nWORD = 'locked one'\n"}
    files[f"dep/fast.cp{VERSION}-win_amd64.pyd"] = native("win-x64.pyd")
    locked = index.add("dep", "1.1", tag, files, requires=["colours; sys_platform == 'win32'"])
    colours = index.add("colours", "0.4", "py3-none-any", {"colours.py": ""})
    index.add("colours", "0.5", "py3-none-any", {"colours.py": ""})
    offer(world, index)
    world.install("dep", {"dep/__init__.py": "from . import fast\n", f"dep/fast{ADDON}": elf()}, tag=HERE)
    world.install("other", {"other.py": ""})
    world.write({"app.py": "import dep, other\n"})
    lock = ['lock-version = "1.0"', 'created-by = "test"']
    for name, version, file in (("dep", "1.1", locked), ("colours", "0.4", colours)):
        lock += ["[[packages]]", f'name = "{name}"', f'version = "{version}"', "[[packages.wheels]]"]
        lock += [f'name = "{file}"', f'url = "https://index.example/{file}"']
        lock.append(f'hashes = {{sha256 = "{index.sha256(file)}"}}')
    world.write({"pylock.toml": "\n".join(lock) + "\n"})
    world.resolution = replace(world.resolution, lock=find_lock(world.project, None))
    found = world.collect(platform="win")
    assert {"site-packages/dep-1.1.dist-info/METADATA", "site-packages/colours-0.4.dist-info/METADATA"} <= paths(found)
    differing = [line for line in warnings(found) if line.startswith("The environment differs from")]
    assert len(differing) == 1
    assert "dep 1.0 (locked: 1.1), other 1.0 (not locked)" in differing[0]
    world.resolution = replace(world.resolution, locked=True)
    with pytest.raises(PypkgError, match="--locked allows no difference"):
        world.collect(platform="win")
    world.write({"pylock.toml": "\n".join(lock).replace(index.sha256(locked), "0" * 64) + "\n"})
    world.resolution = replace(world.resolution, lock=find_lock(world.project, None), locked=False)
    with pytest.raises(PypkgError, match=r"Cannot use dep==1\.1.*: the hash of its file"):
        world.collect(platform="win")
