"""Which modules a walk reaches, and what it reports."""

from __future__ import annotations

import importlib.util
import marshal

import pytest

from pypkg_core.errors import PypkgError
from unit.packager.world import ADDON, World, details, elf, names, warnings


def test_requirements_of_unwalked_modules(world: World) -> None:
    world.install("dep", {"dep/__init__.py": "", "dep/lazy.py": "import wanted, unwanted\n"}, requires=["Wanted"])
    world.install("wanted", {"wanted.py": "import deeper\n"})
    world.install("deeper", {"deeper.py": ""})
    world.install("unwanted", {"unwanted.py": ""})
    world.write({"app.py": "import dep\n"})
    assert names(world.walk()) == {"__main__", "dep", "dep.lazy", "wanted", "deeper"}


def test_what_a_tool_is_imported_for_decides(world: World) -> None:
    world.install("ipython", {"IPython.py": ""})
    world.install("setuptools", {"setuptools.py": "", "pkg_resources.py": ""})
    guarded = "try:\n    import IPython\nexcept ImportError:\n    IPython = None\n"
    world.install("dep", {"dep.py": guarded + "def version():\n    import pkg_resources\n"})
    world.write({"app.py": "import dep\n", "tool.py": guarded})
    assert names(world.walk()) == {"__main__", "dep", "pkg_resources", "setuptools"}
    assert names(world.walk("tool.py")) == {"__main__", "IPython"}


def test_declared_distributions_come_with_their_extras(world: World) -> None:
    extra = ["base", "quick; extra == 'speed'", "slow; extra == 'safety'", "old; python_version < '3'"]
    world.install("dep", {"dep.py": ""}, requires=extra)
    world.install("base", {"base/plug.py": ""}, requires=["dep[speed]"])  # in a namespace
    for name in ("quick", "slow", "old", "other"):
        world.install(name, {f"{name}.py": ""})
    world.write({"app.py": "import dep\n"})
    found = world.walk()
    assert names(found) == {"__main__", "dep", "base", "base.plug", "quick"}
    assert list(found.distributions) == ["dep", "base", "quick"]
    assert any("quick: packaged, because dep requires it" in line for line in details(found))


def test_the_configuration_keeps_declared_distributions_out(world: World) -> None:
    world.install("dep", {"dep.py": ""}, requires=["PyHeavy", "by-name"])
    world.install("pyheavy", {"heavy/__init__.py": "", "_heavy.py": ""}, requires=["heavier"])
    world.install("heavier", {"heavier.py": ""})
    world.install("by_name", {"named.py": ""})
    table = '[project]\nname = "demo"\ndependencies = ["dep"]\n[project.scripts]\ndemo = "demo:main"\n'
    world.write({"pyproject.toml": f'{table}[tool.pypkg]\nexcludes = ["heavy", "by-name"]\n'})
    world.write({"demo.py": "def main(): ...\n"})
    assert list(world.walk("").distributions) == ["dep"]


def test_installed_extras_of_a_script_are_followed_where_they_are_imported(world: World) -> None:
    world.install(
        "dep",
        {"dep/__init__.py": "", "dep/backends/one.py": "import wire\n", "dep/backends/two.py": "import stranger\n"},
        requires=["wire; extra == 'net'", "unused; extra == 'net'"],
        extras=["net"],
    )
    for name in ("wire", "unused", "stranger"):
        world.install(name, {f"{name}.py": ""})
    table = '[project]\nname = "demo"\ndependencies = ["dep"]\n[project.scripts]\ndemo = "demo:main"\n'
    world.write({"app.py": "import dep\n", "pyproject.toml": table, "demo.py": "def main():\n    import dep\n"})
    assert list(world.walk().distributions) == ["dep", "wire"]
    assert list(world.walk("").distributions) == ["dep"]  # it says that it uses no extra


def test_an_editable_install_comes_because_it_is_declared(world: World) -> None:
    source = world.directory / "checkout" / "src"
    world.write({"my_part/__init__.py": "import my_part.more\n", "my_part/more.py": ""}, source)
    world.install("my-part", {"_my_part.pth": f"{source}\n"})
    world.install("dep", {"dep.py": ""}, requires=["my-part"])
    world.write({"app.py": "import dep\n"})
    assert names(world.walk()) == {"__main__", "dep", "my_part", "my_part.more"}


def test_modules_without_source(world: World) -> None:
    def bytecode(text: str) -> bytes:
        code = compile(text, "x.py", "exec")
        return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)

    inside = "def f():\n    from . import part\n    import other.deep as deep\n"
    world.install("dep", {"dep/__init__.pyc": bytecode(inside), "dep/part.pyc": bytecode("")})
    world.install("other", {"other/__init__.py": "", "other/deep.py": ""})
    world.install("both", {"both.py": "", "both.pyc": b"stale"})
    world.install("stale", {"stale/__init__.pyc": b"\0\0\r\n" + bytes(12)})
    world.write({"app.py": "import dep, both, local\ntry:\n    import stale\nexcept ImportError:\n    pass\n"})
    world.write({"local.pyc": bytecode("import json")})
    found = world.walk()
    assert list(found.nodes) == ["__main__", "dep", "both", "local", "stale", "dep.part", "other", "other.deep"]
    assert found.nodes["both"].source
    assert found.unfit == {"stale": "stale"}


def test_modules_that_an_entry_point_group_names_are_reached(world: World) -> None:
    world.install("plugin", {"plug/__init__.py": "", "plug/in_.py": ""}, entry_points="[app.plugins]\na = plug.in_:f\n")
    world.install("program", {"program.py": ""}, entry_points="[console_scripts]\na = program:f\n")
    lines = ["from importlib.metadata import entry_points", 'entry_points(group="app.plugins")']
    world.write({"app.py": "\n".join([*lines, 'entry_points(group="console_scripts")'])})
    assert list(world.walk().nodes) == ["__main__", "plug", "plug.in_"]


def test_plugins_of_a_computed_group(world: World) -> None:
    world.install("plugin", {"plug.py": ""}, entry_points="[shop.payment]\na = plug:f\n")
    looking = "from importlib.metadata import entry_points\ndef find(kind):\n    return entry_points(group={})\n"
    world.install("dep", {"dep.py": looking.format("kind")})
    world.write({"app.py": looking.format("kind") + 'find("shop.payment")\n', "dark.py": "import dep\nimport part\n"})
    world.write({"part.py": looking.format('f"shop.{kind}"')})
    found = world.walk()
    assert list(found.nodes) == ["__main__", "plug"]
    assert not warnings(found)
    found = world.walk("dark.py")
    assert warnings(found) == [
        "part.py:3: cannot tell which entry points entry_points(group=f'shop.{kind}') finds;"
        " name the modules of the plugins in hidden-imports"
    ]
    assert any(line.startswith("dep.py:3: cannot tell which entry points") for line in details(found))


def test_a_name_in_a_metadata_call_reaches_no_module(world: World) -> None:
    world.install("Some_Thing", {"something.py": ""})
    world.write({"app.py": 'import importlib.metadata\nimportlib.metadata.version("some-thing")\n'})
    found = world.walk()
    assert names(found) == {"__main__"}
    assert list(found.metadata) == ["some-thing"]
    assert not found.distributions


def test_members_of_a_distribution_are_not_followed(world: World) -> None:
    files = {"dep/__init__.py": "from . import used\n", "dep/used.py": "", "dep/unused.py": "import other\n"}
    world.install("dep", {**files, "dep/tests/test_it.py": "import other\n"})
    world.install("other", {"other.py": ""})
    world.write({"app.py": "import dep\n"})
    found = world.walk()
    assert list(found.nodes) == ["__main__", "dep", "dep.used"]
    assert sorted(found.members) == ["dep", "dep.unused", "dep.used"]
    assert list(found.distributions) == ["dep"]


def test_imports_carry_what_decides_about_addons(world: World) -> None:
    body = "import dep._fast\ntry:\n    import dep.extra\nexcept ImportError:\n    pass\n"
    world.install("dep", {"dep/__init__.py": body, f"dep/_fast{ADDON}": elf(), "dep/extra.py": ""})
    world.write({"app.py": "import dep\n"})
    found = world.walk()
    assert found.chosen == {"dep._fast": f"dep/_fast{ADDON}"}
    assert found.imports.reached_hard(["__main__"]) == {"__main__", "dep", "dep._fast"}
    assert found.imports.hard_importer("dep._fast", {"dep"}) == "dep, line 1"
    assert found.imports.entered(found.imports.members("dep")) == ["dep"]
    assert world.walk(platform="linuxstatic").unfit == {"dep._fast": "dep"}


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
importlib.import_module(dep.name)
"""
        }
    )
    found = world.walk()
    assert warnings(found) == [
        "app.py:3: cannot find module 'missing'",
        "app.py:4: cannot find module 'json.nothing'",
        "app.py:12: cannot find a module 'plugins.*'; name the modules in hidden-imports",
        "app.py:13: cannot tell what importlib.import_module(dep.name) imports; name the modules in hidden-imports",
    ]
    assert any("missing_too" in line for line in details(found))


def test_a_syntax_error_in_the_project(world: World) -> None:
    world.write({"app.py": "import helper\n", "helper.py": "x = 1\ndef:\n"})
    with pytest.raises(PypkgError, match=r"helper\.py:2: invalid syntax"):
        world.walk()


def test_a_syntax_error_in_a_dependency(world: World) -> None:
    world.install("dep", {"dep/__init__.py": "import dep.old\n", "dep/old.py": "print 1\n"})
    world.write({"app.py": "import dep\n"})
    found = world.walk()
    assert found.broken == {"dep.old"}
    assert len(warnings(found)) == 1
    assert "dep/old.py:1" in warnings(found)[0]
