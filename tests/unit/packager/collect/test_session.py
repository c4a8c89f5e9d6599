"""Payloads of small projects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import ModuleKind
from unit.packager.world import ADDON, SERIES, VERSION, World, details, elf, names, notices, paths, warnings

PYPROJECT = '[project]\nname = "demo"\ndependencies = ["dep"]\n[project.scripts]\ndemo = "demo.cli:main"\n'


def test_a_script_with_a_neighbour(world: World) -> None:
    world.write({"app.py": "import helper, json\n", "helper.py": "from pathlib import Path\n", "other.py": ""})
    found = world.collect()
    assert [(module.name, module.kind, module.path) for module in found.modules] == [
        ("__main__", ModuleKind.MODULE, "app/app.py"),
        ("helper", ModuleKind.MODULE, "app/helper.py"),
    ]
    assert found.search_path == ["/snapshot/app", f"/snapshot/lib/python{SERIES}", "/snapshot/site-packages"]
    assert not warnings(found)


def test_a_distribution_comes_whole_but_for_its_tests(world: World) -> None:
    world.install(
        "dep",
        {
            "dep/__init__.py": "",
            "dep/unused.py": "",
            "dep/data/table.csv": "1",
            "dep/data/template.py": "{% x %}\n",
            "dep/space/plugin.py": "",
            "dep/odd-name.py": "",
            "dep/ancient.py": "print 1\n",
            "dep/types.pyi": "",
            "dep/fast.c": "",
            "dep/tests/__init__.py": "",
            "dep/tests/data.txt": "",
        },
    )
    world.install("other", {"other/__init__.py": ""})
    world.write({"app.py": "import dep\n"})
    found = world.collect()
    assert names(found) == {"__main__", "dep", "dep.unused", "dep.space", "dep.space.plugin"}
    assert paths(found) == {
        "site-packages/dep-1.0.dist-info/METADATA",
        "site-packages/dep-1.0.dist-info/RECORD",
        "site-packages/dep/data/table.csv",
        "site-packages/dep/data/template.py",
        "site-packages/dep/odd-name.py",
    }
    plugin = next(module for module in found.modules if module.name == "dep.space.plugin")
    assert plugin.readable
    assert not next(module for module in found.modules if module.name == "dep").readable
    assert any("ancient" in line for line in details(found))
    assert not warnings(found)


def test_tests_that_are_imported_come(world: World) -> None:
    world.install(
        "dep", {"dep/__init__.py": "", "dep/tests/__init__.py": "", "dep/tests/a.txt": "", "dep/tests/b.py": ""}
    )
    world.write({"app.py": "import dep.tests\n"})
    found = world.collect()
    assert "dep.tests" in names(found)
    assert "dep.tests.b" not in names(found)
    assert "site-packages/dep/tests/a.txt" in paths(found)


def test_requirements_of_unwalked_modules(world: World) -> None:
    world.install("dep", {"dep/__init__.py": "", "dep/lazy.py": "import wanted, unwanted\n"}, requires=["Wanted"])
    world.install("wanted", {"wanted.py": "import deeper\n"})
    world.install("deeper", {"deeper.py": ""})
    world.install("unwanted", {"unwanted.py": ""})
    world.write({"app.py": "import dep\n"})
    assert names(world.collect()) == {"__main__", "dep", "dep.lazy", "wanted", "deeper"}


def test_tools_are_followed_only_where_they_are_declared(world: World) -> None:
    world.install("pytest", {"pytest.py": ""})
    world.install("dep", {"dep.py": "def check():\n    import pytest\n"})
    world.write({"app.py": "import dep\n", "tool.py": "import dep, pytest\n"})
    assert "pytest" not in names(world.collect())
    assert "pytest" in names(world.collect("tool.py"))


def test_entry_points_of_a_named_group(world: World) -> None:
    world.install("plugin", {"plug/__init__.py": "", "plug/in_.py": ""}, entry_points="[app.plugins]\na = plug.in_:f\n")
    world.install("program", {"program.py": ""}, entry_points="[console_scripts]\na = program:f\n")
    lines = ["from importlib.metadata import entry_points", 'entry_points(group="app.plugins")']
    world.write({"app.py": "\n".join([*lines, 'entry_points(group="console_scripts")'])})
    found = world.collect()
    assert names(found) == {"__main__", "plug", "plug.in_"}
    assert "site-packages/plugin-1.0.dist-info/entry_points.txt" in paths(found)


def test_metadata_that_is_asked_for(world: World) -> None:
    world.install("Some_Thing", {"something.py": ""})
    world.write({"app.py": 'import importlib.metadata\nimportlib.metadata.version("some-thing")\n'})
    found = world.collect()
    assert names(found) == {"__main__"}
    assert "site-packages/Some_Thing-1.0.dist-info/METADATA" in paths(found)


def test_missing_modules_are_warnings_for_the_project_only(world: World) -> None:
    world.install("dep", {"dep.py": "import missing_too\n"})
    world.write(
        {
            "app.py": """
import dep
import missing
import json.nothing
try:
    import guarded
except ImportError:
    pass
if dep:
    import conditional
import importlib
importlib.import_module(f"plugins.{dep}")
"""
        }
    )
    found = world.collect()
    assert warnings(found) == [
        "app.py:3: cannot find module 'missing'",
        "app.py:4: cannot find module 'json.nothing'",
        "app.py:12: cannot tell what importlib.import_module(f'plugins.{dep}') imports;"
        " name the modules in hidden-imports",
    ]
    assert any("missing_too" in line for line in details(found))


def test_order_of_the_path(world: World) -> None:
    world.install("shadow", {"helper.py": "", "json/__init__.py": ""})
    world.write({"app.py": "import helper, json, string\n", "helper.py": "", "string.py": ""})
    found = world.collect()
    assert {module.name: module.path for module in found.modules} == {
        "__main__": "app/app.py",
        "helper": "app/helper.py",
        "string": "app/string.py",
    }


def test_namespace_packages_over_two_distributions(world: World) -> None:
    world.install("one", {"space/one/__init__.py": ""})
    world.install("two", {"space/two.py": ""})
    world.write({"app.py": "import space.one, space.two\n"})
    found = world.collect()
    assert {(module.name, module.kind) for module in found.modules} >= {
        ("space", ModuleKind.NAMESPACE),
        ("space.one", ModuleKind.PACKAGE),
        ("space.two", ModuleKind.MODULE),
    }


def test_a_pyproject_brings_the_data_of_its_packages(world: World) -> None:
    world.install("dep", {"dep.py": ""})
    world.install("demo", {})
    world.write(
        {
            "pyproject.toml": PYPROJECT + '[tool.pypkg]\nignore = ["src/demo/static/*.map"]\n',
            "src/demo/__init__.py": "",
            "src/demo/cli.py": "def main(): ...\n",
            "src/demo/unreached.py": "import dep\n",
            "src/demo/templates/page.html": "x",
            "src/demo/templates/make.py": "{% broken %}",
            "src/demo/static/a.css": "x",
            "src/demo/static/a.map": "x",
            "src/demo/tests/test_it.py": "import pytest\n",
            "README.md": "",
        }
    )
    found = world.collect("")
    assert names(found) == {"__main__", "demo", "demo.cli", "demo.unreached", "dep"}
    main = next(module for module in found.modules if module.name == "__main__")
    assert (main.path, main.source) == ("demo/__main__.py", None)
    assert {path for path in paths(found) if path.startswith("demo/")} == {
        "demo/src/demo/templates/page.html",
        "demo/src/demo/templates/make.py",
        "demo/src/demo/static/a.css",
    }
    assert "site-packages/demo-1.0.dist-info/METADATA" in paths(found)
    assert found.search_path[0] == "/snapshot/demo/src"


def test_assets_a_script_refers_to(world: World) -> None:
    text = (
        "from pathlib import Path\nimport pkgutil, pkg\nHERE = Path(__file__).parent\n"
        '(HERE / "data" / "a.txt").read_text()\nPLUGINS = HERE / "plugins"\n(HERE / "later.db").unlink()\n'
        'OUT = HERE.parent / "outside.txt"\npkgutil.get_data("pkg", "b.txt")\n'
    )
    world.write({"app.py": text, "data/a.txt": "", "data/b.txt": "", "plugins/one.py": "x = 1\n", "../outside.txt": ""})
    world.write({"pkg/__init__.py": "", "pkg/b.txt": "", "pkg/c.txt": ""})
    found = world.collect()
    assert paths(found) == {"app/data/a.txt", "app/plugins/one.py", "app/pkg/b.txt"}
    assert len(warnings(found)) == 1
    assert "outside the project" in warnings(found)[0]
    assert any("later.db" in line for line in details(found))


def test_configuration(world: World) -> None:
    world.install("hidden", {"hidden.py": ""})
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\n[tool.pypkg]\nhidden-imports = ["hidden", "nowhere"]\n'
            'assets = ["extra/**"]\nscripts = ["jobs/*.py"]\nexcludes = ["left"]\n',
            "__main__.py": "import left\n",
            "left.py": "",
            "extra/a.txt": "",
            "jobs/nightly.py": "import colorsys\n",
        }
    )
    found = world.collect("")
    assert names(found) == {"__main__", "hidden", "jobs", "jobs.nightly"}
    assert "demo/extra/a.txt" in paths(found)
    assert any("nowhere" in line for line in warnings(found))


def test_links_and_empty_directories(world: World) -> None:
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\n[tool.pypkg]\nassets = ["links"]\n',
            "__main__.py": "import pkg, again\n",
            "pkg/__init__.py": "",
            "pkg/data.txt": "",
            "more/a.txt": "",
            "more/sub/b.txt": "",
            "links/c.txt": "",
            "../outside/d.txt": "",
        }
    )
    (world.project / "pkg" / "empty").mkdir()
    targets = {
        "links/one": "../more/a.txt",
        "links/two": "../more/sub",
        "links/code": "../pkg",
        "links/up": "..",
        "links/none": "nowhere",
        "links/out": "../../outside",
        "links/gone": "/nowhere/at/all",
        "again": "pkg",
    }
    for name, target in targets.items():
        (world.project / name).symlink_to(target)
    found = world.collect("")
    kept = {name: targets[name] for name in ("links/one", "links/two", "links/code", "links/up", "links/none")}
    assert found.links == {f"demo/{name}": target for name, target in kept.items()}
    assert {path for path in paths(found) if path.startswith("demo/")} == {
        f"demo/{name}"
        for name in ("pkg/data.txt", "more/a.txt", "more/sub/b.txt", "links/c.txt", "links/out/d.txt", "again/data.txt")
    }
    assert "demo/pkg/empty" in found.directories
    assert names(found) == {"__main__", "pkg", "again"}, "modules lie below the link: it is a directory"
    assert not any(module.readable for module in found.modules), "a link makes no source public"
    assert any("/nowhere/at/all" in line for line in details(found))


def test_a_package_that_extends_its_path(world: World) -> None:
    text = "import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n"
    world.write({"app.py": "import wide.one, wide.two\n", "wide/__init__.py": text, "wide/one.py": ""})
    world.install("wide_more", {"wide/__init__.py": text, "wide/two.py": ""})
    found = world.collect()
    assert names(found) == {"__main__", "wide", "wide.one", "wide.two"}
    assert {module.path for module in found.modules if module.name == "wide.two"} == {"site-packages/wide/two.py"}
    assert warnings(found) == []


def test_a_syntax_error_in_the_project(world: World) -> None:
    world.write({"app.py": "import helper\n", "helper.py": "x = 1\ndef:\n"})
    with pytest.raises(PypkgError, match=r"helper\.py:2: invalid syntax"):
        world.collect()


def test_a_syntax_error_in_a_dependency(world: World) -> None:
    world.install("dep", {"dep/__init__.py": "import dep.old\n", "dep/old.py": "print 1\n"})
    world.write({"app.py": "import dep\n"})
    found = world.collect()
    assert "dep.old" not in names(found)
    assert len(warnings(found)) == 1
    assert "dep/old.py:1" in warnings(found)[0]


# Addons


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


def test_programs_of_the_project_keep_their_mode(world: World) -> None:
    world.write({"app.py": "from pathlib import Path\nTOOLS = Path(__file__).parent / 'tools'\n"})
    world.write({"tools/run": "#!/bin/sh\n", "tools/lib/libx.so": elf(), "tools/data": "text"})
    for name in ("run", "data"):
        (world.project / "tools" / name).chmod(0o755)
    found = world.collect()
    assert [(bundle.name, bundle.paths) for bundle in found.bundles] == [
        ("app", ["app/tools/lib/libx.so", "app/tools/run"])
    ]
    modes = {file.path: file.executable for file in found.files}
    assert modes["app/tools/run"] and modes["app/tools/data"]


def test_links_to_libraries_are_bundled(world: World) -> None:
    world.write({"app.py": "from pathlib import Path\nLIB = Path(__file__).parent / 'lib'\n", "lib/libx.so.1.2": elf()})
    (world.project / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    found = world.collect()
    assert [bundle.paths for bundle in found.bundles] == [["app/lib/libx.so.1", "app/lib/libx.so.1.2"]]
    assert found.links == {"app/lib/libx.so.1": "libx.so.1.2"}


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
        f"dep: left out the optional addon dep._fast, which does not fit py{VERSION}-linuxstatic-x64"
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
    assert notices(found)[0].startswith("dep: left out, because it needs addons")


def test_another_versions_addon_without_a_wheel(world: World) -> None:
    name = f"dep/_fast.cpython-2{VERSION}-x86_64-linux-gnu.so"
    other: dict[str, str | bytes] = {name: elf(), "dep/__init__.py": "from . import _fast\n"}
    world.install("dep", other)
    world.write({"app.py": "import dep\n"})
    with pytest.raises(PypkgError, match="no wheel that fits was found"):
        world.collect()


def test_a_wheel_takes_the_place_of_what_does_not_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pypkg.environment import wheels  # noqa: PLC0415

    wheel = world.directory / "unpacked"
    saved, world.site = world.site, wheel
    world.install("dep", addon("dep", "from . import _fast\n"))
    world.site = saved
    world.install(
        "dep", {"dep/_fast.cpython-21-x86_64-linux-gnu.so": elf(), "dep/__init__.py": "from . import _fast\n"}
    )
    world.write({"app.py": "import dep\n"})

    def fetch(wanted: list[tuple[str, str]], *args: object, **kwargs: object) -> wheels.Fetched:
        assert wanted == [("dep", "1.0")]
        return wheels.Fetched({"dep": wheel}, "")

    monkeypatch.setattr(wheels, "fetch", fetch)
    found = world.collect()
    assert f"site-packages/dep/_fast{ADDON}" in paths(found)
    assert not any("cpython-21-" in path for path in paths(found))


# Determinism


def describe(world: World) -> str:
    found = world.collect()
    modules = [(m.name, m.kind, m.path, (m.code or b"").hex(), m.readable) for m in found.modules]
    files = [(f.path, f.read().hex(), f.executable) for f in found.files]
    return json.dumps([modules, files, found.search_path, warnings(found), notices(found), details(found)])


def test_directories_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    descriptions = []
    for name in ("a", "much/longer/path"):
        (tmp_path / name).mkdir(parents=True)
        world = World(tmp_path / name)
        world.install("dep", {"dep/__init__.py": "import json\nX = frozenset({'a', 'b'})\n", "dep/d.txt": "x"})
        world.write({"app.py": "import dep, nothing\n"})
        descriptions.append(describe(world))
    assert descriptions[0] == descriptions[1]
    assert str(tmp_path) not in descriptions[0]
