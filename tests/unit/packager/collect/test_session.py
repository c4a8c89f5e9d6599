"""Payloads of small projects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import ModuleKind
from unit.packager.world import ADDON, SERIES, World, details, elf, links, names, notices, paths, warnings

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
            "dep/include/fast.h": "",
            "dep/lib.a": "",
            "dep/paths.pth": "",
            "dep/more.pyc": b"",
            "dep/more.py": "",
            "dep.pth": "import dep\n",
            "dep/test/__init__.py": "",
            "dep/test/client.py": "",
            "dep/test/own/tests/conftest.py": "",
            "dep/tests/__init__.py": "",
            "dep/tests/data.txt": "",
            "dep/tests/unit/it_test.py": "",
        },
    )
    world.install("other", {"other/__init__.py": ""})
    world.write({"app.py": "import dep\n"})
    found = world.collect()
    modules = {"__main__", "dep", "dep.unused", "dep.space", "dep.space.plugin", "dep.more"}
    assert names(found) == modules | {"dep.test", "dep.test.client"}
    assert paths(found) == {
        "site-packages/dep/ancient.py",
        "site-packages/dep/fast.c",
        "site-packages/dep/include/fast.h",
        "site-packages/dep/lib.a",
        "site-packages/dep/paths.pth",
        "site-packages/dep/types.pyi",
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


def test_a_required_distribution_without_modules_comes(world: World) -> None:
    world.install("dep", {"dep/__init__.py": ""}, requires=["dep-parts"])
    files = {"dep/libs/libparts.so.5": elf(), "dep/libs/table.bin": b"1", "../../../lib/libmore.so": elf()}
    world.install("dep_parts", files)
    world.write({"app.py": "import dep\n"})
    found = world.collect()
    assert {"site-packages/dep/libs/table.bin", "site-packages/dep_parts-1.0.dist-info/METADATA"} <= paths(found)
    bundle = next(bundle for bundle in found.bundles if bundle.name == "dep-parts")
    assert bundle.paths == ["lib/libmore.so", "site-packages/dep/libs/libparts.so.5"]


def test_bytecode_of_another_python(world: World) -> None:
    stale = b"\0\0\r\n" + bytes(12)
    world.install("dep", {"dep/__init__.py": "", "dep/extra.pyc": stale, "dep/more.pyc": stale})
    world.install("only", {"only.pyc": stale})
    world.write({"app.py": "import dep\n", "hard.py": "import only\n"})
    left_out = "dep: left out dep.extra and 1 more, which have no source and are bytecode of another Python"
    assert notices(world.collect()) == [left_out]
    with pytest.raises(PypkgError, match=r"Cannot package only 1\.0 .*: its module only has no source"):
        world.collect("hard.py")


def test_what_is_declared_and_does_not_fit_is_left_out(world: World) -> None:
    world.install("fast", {f"fast{ADDON}": elf()}, requires=["behind"])
    world.install("numbers-ng", {"ng/__init__.py": "from ng import _core\n", f"ng/_core{ADDON}": elf()})
    world.install("behind", {"behind.py": ""})
    table = '[project]\nname = "demo"\ndependencies = ["fast", "numbers-ng"]\n[project.scripts]\ndemo = "demo:main"\n'
    world.write({"pyproject.toml": table, "demo.py": "def main(): ...\n"})
    found = world.collect("", platform="linuxstatic")
    assert names(found) == {"__main__", "demo"}
    assert [line.partition(",")[0] for line in notices(found)] == ["fast: left out", "numbers-ng: left out"]
    assert {"fast", "ng", "behind"} <= names(world.collect(""))


def test_tests_that_are_imported_come(world: World) -> None:
    world.install(
        "dep",
        {"dep/__init__.py": "", "dep/tests/__init__.py": "", "dep/tests/a.txt": "", "dep/tests/test_b.py": ""},
    )
    world.write({"app.py": "import dep.tests\n"})
    found = world.collect()
    assert "dep.tests" in names(found)
    assert "dep.tests.test_b" not in names(found)
    assert "site-packages/dep/tests/a.txt" in paths(found)


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
    assert paths(found) == {"app/data/a.txt", "app/pkg/b.txt"}
    assert next(module for module in found.modules if module.name == "plugins.one").readable
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
    assert links(found) == {f"demo/{name}": target for name, target in kept.items()}
    assert {path for path in paths(found) if path.startswith("demo/")} == {
        f"demo/{name}" for name in ("pkg/data.txt", "more/a.txt", "more/sub/b.txt", "links/c.txt", "again/data.txt")
    }
    assert "demo/pkg/empty" in found.directories
    assert names(found) == {"__main__", "pkg", "again"}, "modules are below the link: it is a directory"
    assert not any(module.readable for module in found.modules), "a link makes no source public"
    assert any("/nowhere/at/all" in line for line in details(found))
    assert notices(found) == ["Left out 1 link that leads out of the project, which assets does not name: links/out"]


def test_a_module_that_does_not_compile_is_left_out(world: World) -> None:
    world.install("dep", {"dep/__init__.py": "import dep.old\n", "dep/old.py": "print 1\n"})
    world.write({"app.py": "import dep\n"})
    assert names(world.collect()) == {"__main__", "dep"}


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
