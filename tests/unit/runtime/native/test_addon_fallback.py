"""Without the native cache: file systems that are full, read-only or noexec; libraries and programs from memory."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import needs
from pypkg_core.image import ImageBuilder

from ..conftest import CompileLibrary, RunCore

MEMORY = "/proc/self/fd/"
NO_PLACE = {"PYPKG_NATIVE_CACHE_PATH": "", "XDG_CACHE_HOME": "", "HOME": ""}
ONE = "int two(void); int answer(void) { return 30 + two(); }\n"
TWO = "int three(void); int two(void) { return 2 + three(); }\n"
THREE = "int three(void) { return 10; }\n"

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a tmpfs with these options; skips the test where that is not allowed."""
    mounted: list[Path] = []

    def make(options: str) -> Path:
        folder = tmp_path / f"mount{len(mounted)}"
        folder.mkdir()
        needs.root("to mount file systems")
        command = [needs.tool("mount"), "-t", "tmpfs", "-o", f"{options},mode=700", "tmpfs", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            needs.privilege("mounting a tmpfs", done.stderr.strip())
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, compile_library: CompileLibrary) -> Path:
    """A library that needs a second one by the name of its file, which needs a third one by its DT_SONAME."""
    folder = tmp_path_factory.mktemp("libraries")
    libraries, beside = folder / "lib.libs", "-Wl,-rpath,$ORIGIN/../lib.libs"
    three = compile_library(libraries / "libthree.so", THREE, "-Wl,-soname,libthree.so")
    two = compile_library(libraries / "libtwo.so", TWO, "-Wl,-soname,libtwo.so", beside, three)
    one = compile_library(folder / "one.so", ONE, beside, two)
    builder = ImageBuilder(mtime=315532800)
    members = {
        "site-packages/lib/one.so": one,
        "site-packages/lib.libs/libtwo.so": two,
        "site-packages/lib.libs/called_otherwise.so": three,
    }
    for name, source in members.items():
        builder.add_file(name, source)
    builder.add_bundle("lib", list(members))
    builder.add_file("app/tool", b"#!/bin/sh\necho tool\n", executable=True)
    path = folder / "image"
    path.write_bytes(builder.build())
    return path


def _answer(run_loading_core: RunCore, image: Path, env: dict[str, str]) -> str:
    return run_loading_core(
        "dlopen", image, "/snapshot/site-packages/lib/one.so", env={**NO_PLACE, **env}
    ).stdout.strip()


def test_needed_libraries_come_from_memory(run_loading_core: RunCore, image: Path) -> None:
    assert _answer(run_loading_core, image, {}) == "42"


@pytest.mark.parametrize("options", ["size=4k", "nr_inodes=2", "ro", "noexec"])
def test_unusable_file_systems(run_loading_core: RunCore, image: Path, mount: Mount, options: str) -> None:
    folder = mount(options)
    env = {"PYPKG_NATIVE_CACHE_PATH": str(folder)}
    assert _answer(run_loading_core, image, env) == "42"
    done = run_loading_core("extract", image, "/snapshot/app/tool", env=env)
    assert options == "size=4k" or done.stdout.startswith(MEMORY)
    assert [path for path in folder.rglob("*") if path.is_file() and path.name != "tool"] == []


def test_filled_and_then_read_only(run_core: RunCore, image: Path, mount: Mount) -> None:
    folder = mount("size=1m")
    env = {"PYPKG_NATIVE_CACHE_PATH": str(folder)}
    first = run_core("extract", image, "/snapshot/app/tool", env=env).stdout
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    assert run_core("extract", image, "/snapshot/app/tool", env=env).stdout == first, "what is there already serves"


def test_program_of_memory_runs(run_core: RunCore, image: Path) -> None:
    done = run_core("run", image, "/snapshot/app/tool", env=NO_PLACE)
    assert done.stdout == "tool\n"


def test_refused_directory_that_was_chosen_is_an_error(run_loading_core: RunCore, image: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert "no other user may write" in _answer(run_loading_core, image, {"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)})
    assert _answer(run_loading_core, image, {"HOME": str(tmp_path)}) == "42"


def test_names_a_library_needs(run_core: RunCore, image: Path, tmp_path: Path) -> None:
    library = image.parent / "lib.libs" / "libtwo.so"
    assert run_core("needed", library).stdout.split()[:2] == ["libtwo.so:", "libthree.so"]


def test_damaged_libraries_are_read_within_bounds(run_core: RunCore, image: Path, tmp_path: Path) -> None:
    data = (image.parent / "lib.libs" / "libtwo.so").read_bytes()
    dynamic = int.from_bytes(data[32:40], "little")  # the program headers
    variants = [data[:size] for size in (*range(0, 1024, 7), *range(1024, len(data), 509))]
    for at in (*range(64), *range(dynamic, dynamic + 56 * 8, 3)):
        variants += [data[:at] + bytes([value]) + data[at + 1 :] for value in (0, 0x7F, 0xFF)]
    files = []
    for number, variant in enumerate(variants):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(variant)
    assert run_core("needed", *files).stdout.count("\n") == len(files)
