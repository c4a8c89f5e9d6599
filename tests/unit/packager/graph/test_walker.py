"""Which modules a walk reaches, and what it reports."""

from __future__ import annotations

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


def test_tools_are_followed_only_where_they_are_declared(world: World) -> None:
    world.install("pytest", {"pytest.py": ""})
    world.install("dep", {"dep.py": "def check():\n    import pytest\n"})
    world.write({"app.py": "import dep\n", "tool.py": "import dep, pytest\n"})
    assert "pytest" not in names(world.walk())
    assert "pytest" in names(world.walk("tool.py"))


def test_modules_that_an_entry_point_group_names_are_reached(world: World) -> None:
    world.install("plugin", {"plug/__init__.py": "", "plug/in_.py": ""}, entry_points="[app.plugins]\na = plug.in_:f\n")
    world.install("program", {"program.py": ""}, entry_points="[console_scripts]\na = program:f\n")
    lines = ["from importlib.metadata import entry_points", 'entry_points(group="app.plugins")']
    world.write({"app.py": "\n".join([*lines, 'entry_points(group="console_scripts")'])})
    assert list(world.walk().nodes) == ["__main__", "plug", "plug.in_"]


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
