"""A platform is a folder and a row: a made-up one needs no other change, up to its folder of the runtime.

The row is for the processor and libc of linuxstatic, so that zig can compile for it, but names everything otherwise.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import click.testing
import pytest

import needs
from pypkg.cli.main import main
from pypkg.cli.usage import usage
from pypkg.environment.fit import fits, is_library
from pypkg.environment.markers import target_markers
from pypkg.environment.wheel_tags import wheel_tag
from pypkg.graph.resolver import addon_stem
from pypkg_core.binaries import read_image
from pypkg_core.targets import catalogue as module
from pypkg_core.targets.catalogue import DATA, Target, catalogue
from pypkg_core.targets.extension_modules import extension_modules
from pypkg_core.targets.host import runs_here
from pypkg_core.targets.parse import parse_target
from pypkg_forge import cli as forge_cli
from pypkg_forge.driver.inputs import target_inputs
from pypkg_forge.driver.recipe import why_not
from pypkg_forge.toolchain.wrappers import WrapperPaths, find_toolchain, write_wrappers
from runtime_build import RUNTIME
from unit.forge.choices import first_recipe
from unit.packager.world import World, elf
from unit.packager.world import names as modules_of

REPOSITORY: Final = Path(__file__).parents[2]

PLATFORM: Final = r"""
[[platforms]]
name = "plan9"
aliases = ["fourth"]
description = "made up"
libc = "libap"
minimum = "4.1"
format = "elf"
system = "plan9"
largest_executable = 1_000_000
os = ["posix", "plan9"]
sys_platform = "plan9v4"
os_name = "ninth"
platform_system = "Plan9"
executable_suffix = ".out"
library_suffix = ".lib9"
snapshot_root = 'N:\packed'
protections = ["position-independent"]
extension_suffixes = [".py{version}-{multiarch}.so9", ".so9"]
wheel_tags = ["plan9_{version}_{machine}"]
wheel_versions = ["4.{0..2}"]
"""
MACHINE: Final = """
[[machines]]
platform = "plan9"
arch = "x64"
triple = "x86_64-linux-musl"
platform_machine = "PC64"
multiarch = "pc64-plan9"
needed = ["libap.lib9"]
"""


@pytest.fixture
def plan9(tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The target of the made-up platform, in a table that has its rows."""
    folder = tmp_path / "table"
    shutil.copytree(DATA, folder)
    text = (folder / "targets.toml").read_text(encoding="utf-8")
    # The build settings of a platform and of a machine that can be forged, as they are.
    build = re.search(r'platform = "linuxstatic"\narch = "x64"\n.*?(\[machines\.build\]\n.*?)\n\[\[', text, re.DOTALL)
    platforms = (folder / "platforms.toml").read_text(encoding="utf-8")
    settings = re.search(r'name = "linuxstatic"\n.*?(\[platforms\.build\]\n.*?)\n\[\[', platforms, re.DOTALL)
    assert build is not None
    assert settings is not None
    with (folder / "platforms.toml").open("a", encoding="utf-8") as file:
        file.write(f"{PLATFORM}\n{settings[1]}")
    with (folder / "targets.toml").open("a", encoding="utf-8") as file:
        file.write(f"{MACHINE}\n{build[1]}")
    monkeypatch.setattr(module, "DATA", folder)
    catalogue.cache_clear()
    yield replace(target, platform="plan9")
    catalogue.cache_clear()


def test_it_is_a_target(plan9: Target) -> None:
    assert parse_target(f"fourth-py{plan9.version}-x64") == plan9
    assert plan9 in catalogue().targets()
    assert re.search(r"platforms .*\bplan9\b", usage())
    assert why_not(plan9) is None
    listed = click.testing.CliRunner().invoke(forge_cli.cli, ["list"]).output
    assert re.search(rf"^{plan9}  +can be built$", listed, re.MULTILINE)
    assert not runs_here(plan9)


def test_its_names_come_from_its_row(plan9: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    markers = target_markers(plan9, "3.11.2")
    assert [markers[name] for name in ("sys_platform", "os_name", "platform_system", "platform_machine")] == [
        "plan9v4",
        "ninth",
        "Plan9",
        "PC64",
    ]
    assert [tag.name for tag in plan9.wheel_tags] == ["plan9_4_1_pc64", "plan9_4_0_pc64", "plan9_4_2_pc64"]
    assert wheel_tag("lib-1.0-py3-none-plan9_4_2_pc64.whl", plan9) == plan9.wheel_tags[-1]

    suffix = f".py{plan9.version}-pc64-plan9.so9"
    assert plan9.extension_suffixes == [suffix, ".so9"]
    for name, fitting in ((f"a{suffix}", True), ("a.so9", True), ("b.lib9", True), ("a.cpython-311-darwin.so", False)):
        (tmp_path / name).write_bytes(elf())
        assert fits(tmp_path / name, plan9) is fitting
    assert is_library("a/b.so9") and is_library("a/b.lib9")
    assert addon_stem(f"a{suffix}") == "a"
    assert "fcntl" not in extension_modules(plan9)
    assert "zlib" in extension_modules(plan9)


def test_conditions_on_its_names_are_decided(plan9: Target, tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.write(
        {
            "app.py": "import os, sys\nif sys.platform == 'plan9v4' and os.name == 'ninth':\n    import here\n"
            "elif os.name == 'posix':\n    import elsewhere\n",
            "here.py": "",
            "elsewhere.py": "",
        }
    )
    found = modules_of(world.walk(platform=plan9.platform))
    assert "here" in found
    assert "elsewhere" not in found


@pytest.fixture
def plan9_base(plan9: Target, cache: Path, make_base: Callable[..., bytes], release: str) -> None:
    """A base of it in the cache, as if it had been forged."""
    cache.mkdir(parents=True)
    base = cache / f"built-{release}-plan9-x64"
    base.write_bytes(make_base(name=plan9.name))
    base.with_name(f"{base.name}.sha256").write_text(f"{'0' * 64}  {base.name}\n")


@pytest.mark.usefixtures("plan9_base")
def test_a_program_is_packaged(
    plan9: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("print('hello')\n")
    assert main(["-t", plan9.name, "app.py"]) == 0, capsys.readouterr().err
    image = read_image(tmp_path / "app.out")
    assert image.manifest["target"] == plan9.name
    assert image.search_path[0] == r"N:\packed\app"
    main_module = image.find_module("__main__")
    assert main_module is not None
    assert rb"N:\packed\app\app.py" in (image.code(main_module) or b"")

    (tmp_path / "app.out").unlink()
    (tmp_path / "noise.bin").write_bytes(b"".join(number.to_bytes(4, "little") for number in range(300_000)))
    (tmp_path / "pypkg.toml").write_text('assets = ["noise.bin"]\n')
    assert main(["-t", plan9.name, "-c", "pypkg.toml", "app.py"]) == 1
    assert "plan9-x64 can map executables of at most 1,000,000 bytes" in capsys.readouterr().err
    assert not (tmp_path / "app.out").exists()


@pytest.mark.forge
def test_its_folder_of_the_runtime_is_what_is_missing(plan9: Target, tmp_path: Path) -> None:
    """With an empty folder, the first error is that of the linker about it; with the functions in it, there is none."""
    recipe = first_recipe(plan9)
    runtime = tmp_path / "runtime"
    # The files of CPython and SQLite need their headers.
    shutil.copytree(RUNTIME, runtime, ignore=shutil.ignore_patterns("python", "libraries", "linux"))
    with pytest.raises(RuntimeError, match=r"has no\s+folder\s+'plan9'"):
        build_runtime(recipe.target, runtime, tmp_path)
    (runtime / "os" / "plan9").mkdir()
    missing = undefined(build_runtime(recipe.target, runtime, tmp_path))
    declared = {name for path in (runtime / "os").rglob("*.h") for name in re.findall(r"\bpypkg_\w+", path.read_text())}
    assert missing
    assert missing <= declared
    for path in (RUNTIME / "os" / "linux").iterdir():
        shutil.copy(path, runtime / "os" / "plan9")
    assert undefined(build_runtime(recipe.target, runtime, tmp_path)) == set()


def build_runtime(target: Target, runtime: Path, folder: Path) -> Path:
    """Configure and build the runtime for a target as the forge does, and return its archive.

    Raises:
        RuntimeError: a step fails; what it says.
    """
    needs.module("ziglang")
    toolchain = find_toolchain()
    build = target.build
    assert build is not None
    paths = WrapperPaths(
        tools=folder / "tools",
        zig=toolchain.zig,
        cmake=toolchain.cmake,
        cache=REPOSITORY / "build" / "zig",
        root=folder,
        prefix=folder / "prefix",
        runtime=runtime,
    )
    write_wrappers(target.machine, build.indirect, target_inputs(target).front, paths)
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.26)\nproject(made_up C)\ninclude({REPOSITORY / 'cmake' / 'runtime.cmake'})\n"
    )
    settings: dict[str, str | Path] = {
        "CMAKE_MAKE_PROGRAM": toolchain.ninja,
        "CMAKE_TOOLCHAIN_FILE": REPOSITORY / "cmake" / "toolchain" / "toolchain.cmake",
        "PYPKG_TOOLS": folder / "tools",
        "PYPKG_PREFIX": folder / "prefix",
        "PYPKG_RUNTIME": runtime,
        "PYPKG_SYSTEM": build.system,
        "PYPKG_PROCESSOR": build.processor,
        "PYPKG_CFLAGS": f"{' '.join(build.cflags)} -DPYPKG_WITHOUT_CODECS",
        "PYPKG_HARDENING_CFLAGS": " ".join(build.hardening_cflags),
        "PYPKG_OS_FOLDERS": ";".join(target.facts.os),
        "PYPKG_ADDONS": "OFF",
    }
    definitions: list[str | Path] = [f"-D{name}={value}" for name, value in settings.items()]
    run(toolchain.cmake, "-G", "Ninja", "-S", project, "-B", folder / "build", *definitions)
    run(toolchain.ninja, "-C", folder / "build")
    return folder / "build" / "lib" / "libpypkg.a"


def run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{done.stdout}\n{done.stderr}")


def undefined(archive: Path) -> set[str]:
    """Return the functions and variables of the runtime that the linker misses in its archive."""
    out = archive.parent / "program"
    linker: list[str | Path] = [find_toolchain().zig, "ld.lld", "--error-limit=0", "-o", out]
    done = subprocess.run([*linker, "--whole-archive", archive], check=False, capture_output=True, text=True)
    assert "undefined symbol: malloc" in done.stderr, done.stderr
    return set(re.findall(r"undefined symbol: (pypkg_\w+)", done.stderr))
