"""Native code in payloads: bundles, programs, and addons that do not fit the target."""

from __future__ import annotations

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import ModuleKind
from unit.packager.world import ADDON, VERSION, World, elf, links, names, notices, paths


def addon(name: str, body: str, **more: str | bytes) -> dict[str, str | bytes]:
    return {f"{name}/__init__.py": body, f"{name}/_fast{ADDON}": elf(), **more}


def test_a_fitting_addon_is_bundled_with_its_libraries(world: World) -> None:
    world.install("dep", addon("dep", "from . import _fast\n", **{"dep.libs/libx-1.so.2": elf()}))
    world.write({"app.py": "import dep\n"})
    found = world.collect()
    module = next(module for module in found.modules if module.name == "dep._fast")
    assert (module.kind, module.path, module.code) == (ModuleKind.EXTENSION, f"site-packages/dep/_fast{ADDON}", None)
    assert [(bundle.name, bundle.paths) for bundle in found.bundles] == [
        ("dep", ["site-packages/dep.libs/libx-1.so.2", f"site-packages/dep/_fast{ADDON}"])
    ]
    assert {path for bundle in found.bundles for path in bundle.paths} <= paths(found)


def test_programs_are_bundled_with_the_libraries(world: World) -> None:
    more: dict[str, str | bytes] = {"dep/bin/tool": elf(), "dep/bin/run": "#!/bin/sh\n", "dep/a.txt": "x"}
    files = addon("dep", "from . import _fast\n", **more)
    world.install("dep", files)
    world.write({"app.py": "import dep\n"})
    for name in ("bin/tool", "bin/run", "a.txt", "__init__.py"):
        (world.site / "dep" / name).chmod(0o755)
    found = world.collect()
    assert [(bundle.name, bundle.paths) for bundle in found.bundles] == [
        ("dep", [f"site-packages/dep/_fast{ADDON}", "site-packages/dep/bin/run", "site-packages/dep/bin/tool"])
    ]
    modes = {file.path: file.executable for file in found.files}
    assert modes["site-packages/dep/bin/tool"] and modes["site-packages/dep/bin/run"]


def test_programs_of_the_project_keep_their_mode_and_their_neighbours(world: World) -> None:
    world.write({"app.py": "from pathlib import Path\nTOOLS = Path(__file__).parent / 'tools'\n"})
    world.write({"tools/run": "#!/bin/sh\n", "tools/lib/libx.so": elf(), "tools/data": "text"})
    for name in ("run", "data"):
        (world.project / "tools" / name).chmod(0o755)
    found = world.collect()
    assert [(bundle.name, bundle.paths) for bundle in found.bundles] == [
        ("app", ["app/tools/data", "app/tools/lib/libx.so", "app/tools/run"])
    ]
    modes = {file.path: file.executable for file in found.files}
    assert modes["app/tools/run"] and modes["app/tools/data"]


def test_links_to_libraries_are_bundled(world: World) -> None:
    world.write({"app.py": "from pathlib import Path\nLIB = Path(__file__).parent / 'lib'\n", "lib/libx.so.1.2": elf()})
    (world.project / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    found = world.collect()
    assert [bundle.paths for bundle in found.bundles] == [["app/lib/libx.so.1", "app/lib/libx.so.1.2"]]
    assert links(found) == {"app/lib/libx.so.1": "libx.so.1.2"}


def test_a_required_addon_is_refused(world: World) -> None:
    world.install("dep", addon("dep", "from dep._fast import x\n"))
    world.write({"app.py": "import dep\n"})
    with pytest.raises(PypkgError, match=r"Cannot package dep 1\.0") as caught:
        world.collect(platform="linuxstatic")
    message = str(caught.value)
    assert "dep._fast" in message
    assert f"py{VERSION}-linuxstatic-x64" in message
    assert f"Hint: Package for py{VERSION}-linux-x64" in message


def test_an_optional_addon_is_left_out(world: World) -> None:
    body = "try:\n    from ._fast import x\nexcept ImportError:\n    from ._slow import x\n"
    world.install("dep", addon("dep", body, **{"dep/_slow.py": "x = 1\n"}))
    world.write({"app.py": "import dep\n"})
    found = world.collect(platform="linuxstatic")
    assert "dep._fast" not in names(found)
    assert not found.bundles
    assert notices(found) == [
        f"dep: left out the optional addon dep._fast, which cannot be loaded on py{VERSION}-linuxstatic-x64"
    ]


def test_a_replaceable_addon_is_replaced(world: World) -> None:
    world.install("dep", addon("dep", "import dep._fast\n", **{"dep/_fast.py": "x = 1\n"}))
    world.write({"app.py": "import dep\n"})
    static = world.collect(platform="linuxstatic")
    assert {module.name: module.kind for module in static.modules}["dep._fast"] == ModuleKind.MODULE
    assert notices(static) == ["dep: using Python source in place of the native addon dep._fast"]
    assert {module.name: module.kind for module in world.collect().modules}["dep._fast"] == ModuleKind.EXTENSION


def test_a_distribution_that_can_be_done_without_is_left_out(world: World) -> None:
    world.install("dep", addon("dep", "from . import _fast\n"))
    world.write({"app.py": "try:\n    import dep\nexcept ImportError:\n    dep = None\n"})
    found = world.collect(platform="linuxstatic")
    assert names(found) == {"__main__"}
    assert notices(found)[0].startswith("dep: left out, because it needs native addons")


def test_another_versions_addon_without_a_wheel(world: World) -> None:
    name = f"dep/_fast.cpython-2{VERSION}-x86_64-linux-gnu.so"
    other: dict[str, str | bytes] = {name: elf(), "dep/__init__.py": "from . import _fast\n"}
    world.install("dep", other)
    world.write({"app.py": "import dep\n"})
    with pytest.raises(PypkgError, match="no wheel that fits was found"):
        world.collect()
