"""Which keys a change of a file changes: those of the platforms and steps that use it, and no others."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.inputs import CORE_MODULES, Inputs, target_inputs
from pypkg_forge.driver.recipe import Recipe, sources
from unit.forge.choices import first_recipe

TARGET = Target(version="313", platform="linuxstatic", arch="x64")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that a base is made from."""
    folder = tmp_path_factory.mktemp("data")
    inputs = target_inputs(TARGET)
    for name in ("cmake", "patches", "code", "core"):
        shutil.copytree(getattr(inputs, name), folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def inputs(data: Path) -> Inputs:
    return dataclasses.replace(
        target_inputs(TARGET),
        cmake=data / "cmake",
        patches=data / "patches",
        code=data / "code",
        core=data / "core",
    )


def keys(inputs: Inputs) -> dict[str, str]:
    recipe: Recipe = dataclasses.replace(first_recipe(TARGET), inputs=inputs)
    found = {name: str(getattr(recipe, f"{name}_key")) for name in ("prefix", "configure", "objects")}
    found |= {choice.name: recipe.dependency_key(choice) for choice in recipe.dependencies}
    return found | {"base": recipe.key}


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("patches/runtime/os/windows/files.c", set()),
        ("patches/runtime/windows/redirect.h", set()),
        ("patches/profiles/3.11.txt", set()),
        ("cmake/python/windows/configure/configure.cmake", set()),
        ("cmake/python/posix/configure/answers/windows.cmake", set()),
        ("core/binaries/pe/format.py", set()),
        ("core/errors.py", set()),
        ("core/image/writer.py", {"base"}),
        ("core/snapshot.py", {"base"}),
        ("core/_marshal.c", {"base"}),
        ("code/workshop.py", {"base"}),
        ("patches/runtime/os/linux/new.c", {"base"}),
        ("patches/runtime/os/posix/new.c", {"base"}),
        ("patches/runtime/os/os.h", {"base"}),
        ("patches/runtime/python/lib/_pypkg_importer.py", {"base"}),
        ("patches/runtime/posix/redirect.h", {"base", "objects"}),
        ("patches/profiles/3.13.txt", {"base", "objects"}),
        ("cmake/python/posix/make.cmake", {"base"}),
        ("cmake/python/posix/configure/configure.cmake", {"base", "objects", "configure"}),
        ("cmake/python/posix/configure/answers/linux.cmake", {"base", "objects", "configure"}),
        ("cmake/dependencies/openssl/install-openssl.sh", {"base", "openssl"}),
        ("cmake/dependencies/foreign.cmake", {"base", *sources(TARGET)} - {"python"}),
    ],
)
def test_a_changed_file_changes(file: str, changed: set[str], data: Path, inputs: Inputs) -> None:
    before = keys(inputs)
    path = data / file
    text = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text or ''}# changed\n", "utf-8")
    after = keys(inputs)
    if text is None:
        path.unlink()
    else:
        path.write_text(text, "utf-8")
    assert {name for name in before if before[name] != after[name]} == changed
    assert keys(inputs) == before


def test_every_module_that_makes_a_base_is_in_its_key(inputs: Inputs) -> None:
    """Followed through the imports of the folders that the key covers; the others do not change a byte."""
    others = {"atomic", "cache", "errors", "progress", "targets"}
    found = set()
    for folder in (inputs.code, inputs.core / "image", inputs.core / "binaries"):
        for path in folder.rglob("*.py"):
            found |= set(re.findall(r"^from pypkg_core\.(\w+)", path.read_text("utf-8"), re.MULTILINE))
    assert found - others == {*CORE_MODULES, "_core", "binaries", "image"}


def test_the_toolchain_changes_all(data: Path, inputs: Inputs) -> None:
    before = keys(inputs)
    path = data / "cmake" / "toolchain" / "toolchain.cmake"
    text = path.read_text("utf-8")
    path.write_text(f"{text}# changed\n", "utf-8")
    after = keys(inputs)
    path.write_text(text, "utf-8")
    assert all(before[name] != after[name] for name in before)


def test_the_front_is_the_folder_that_has_the_redirect_header(data: Path, inputs: Inputs) -> None:
    folder = data / "patches" / "runtime" / "plan9"
    folder.mkdir()
    (folder / "redirect.h").touch()
    assert inputs.front == "posix"
    other = dataclasses.replace(inputs, systems=("plan9",))
    assert (other.front, other.redirect_header) == ("plan9", folder / "redirect.h")


def test_a_platform_without_a_redirect_header_says_so(inputs: Inputs) -> None:
    with pytest.raises(PypkgError, match=r"no redirect\.h for windows in"):
        _ = dataclasses.replace(inputs, systems=("windows",)).redirect_header
