"""Which file a module name leads to."""

from __future__ import annotations

from pypkg_core.image import ModuleKind
from unit.packager.world import World, names, warnings


def test_order_of_the_path(world: World) -> None:
    world.install("shadow", {"helper.py": "", "json/__init__.py": ""})
    world.write({"app.py": "import helper, json, string\n", "helper.py": "", "string.py": ""})
    found = world.walk()
    assert {module.name: module.path for module in found.modules().values()} == {
        "__main__": "app/app.py",
        "helper": "app/helper.py",
        "string": "app/string.py",
    }


def test_namespace_packages_over_two_distributions(world: World) -> None:
    world.install("one", {"space/one/__init__.py": ""})
    world.install("two", {"space/two.py": ""})
    world.write({"app.py": "import space.one, space.two\n"})
    found = world.walk()
    assert {(module.name, module.kind) for module in found.modules().values()} >= {
        ("space", ModuleKind.NAMESPACE),
        ("space.one", ModuleKind.PACKAGE),
        ("space.two", ModuleKind.MODULE),
    }


def test_a_package_that_extends_its_path(world: World) -> None:
    text = "import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)\n"
    world.write({"app.py": "import wide.one, wide.two\n", "wide/__init__.py": text, "wide/one.py": ""})
    world.install("wide_more", {"wide/__init__.py": text, "wide/two.py": ""})
    found = world.walk()
    assert names(found) == {"__main__", "wide", "wide.one", "wide.two"}
    assert {module.path for module in found.modules().values() if module.name == "wide.two"} == {
        "site-packages/wide/two.py"
    }
    assert warnings(found) == []
