"""Libraries that the project's own need, beside them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from unit.packager.world import World, details, paths

FLAGS = ("-shared", "-fPIC", "-nostdlib")


@pytest.fixture
def libraries(world: World) -> Path:
    """Libraries of which each but the last needs the next one, found in its own folder, ``../more`` and nowhere."""
    compiler = needs.compiler()
    native, more = world.project / "native", world.project / "more"
    native.mkdir()
    more.mkdir()
    (world.project / "x.c").write_text("int x;\n")

    def link(place: Path, *options: str) -> None:
        subprocess.run(
            [compiler, *FLAGS, "-o", place, "x.c", "-Wl,--no-as-needed", f"-Wl,-soname,{place.name}", *options],
            cwd=world.project,
            check=True,
        )

    link(more / "libfour.so")
    link(native / "libthree.so", "more/libfour.so", "-Wl,-rpath,${ORIGIN}/../more")
    link(native / "libtwo.so", "native/libthree.so")
    link(native / "libone.so", "native/libtwo.so", "-Wl,-rpath,$ORIGIN")
    link(native / "libother.so")
    (native / "libthree.so").rename(native / "libthree.so.3")
    (native / "libthree.so").symlink_to("libthree.so.3")
    return native


def test_they_come_along(world: World, libraries: Path) -> None:
    world.write({"pyproject.toml": '[project]\nname = "app"\n[tool.pypkg]\nassets = ["native/libone.so"]\n'})
    world.write({"__main__.py": ""})
    found = world.collect("")
    expected = ["more/libfour.so", "native/libone.so", "native/libthree.so", "native/libtwo.so"]
    assert paths(found) == {f"app/{path}" for path in expected}
    assert [bundle.paths for bundle in found.bundles] == [[f"app/{path}" for path in expected]]
    assert "app/native/libtwo.so: packaged, because app/native/libone.so needs it" in details(found)


def test_they_come_along_to_another_path(world: World, libraries: Path) -> None:
    table = 'assets = { from = "native/libone.so", to = "lib/x.so" }\n'
    world.write({"pyproject.toml": f'[project]\nname = "app"\n[tool.pypkg]\n{table}', "__main__.py": ""})
    names = ("lib/x.so", "lib/libtwo.so", "lib/libthree.so", "more/libfour.so")
    assert paths(world.collect("")) == {f"app/{name}" for name in names}


def test_not_to_a_target_that_cannot_load_them(world: World, libraries: Path) -> None:
    world.write({"pyproject.toml": '[project]\nname = "app"\n[tool.pypkg]\nassets = ["native/libone.so"]\n'})
    world.write({"__main__.py": ""})
    found = world.collect("", arch="arm64")
    assert (paths(found), found.bundles) == ({"app/native/libone.so"}, [])
