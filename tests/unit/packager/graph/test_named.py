"""Modules that texts, tables, patterns and files name."""

from __future__ import annotations

import pytest

from unit.packager.world import World, names, warnings


def project(text: str, world: World) -> set[str]:
    """The modules that a script reaches beside itself in a project of some modules."""
    world.write(
        {
            "app.py": text,
            "shop.py": "def make():\n    pass\nclass Shop:\n    pass\n",
            "setup.py": "",
            "menu/__init__.py": "",
            "menu/hot/__init__.py": "def soup():\n    pass\n",
            "menu/hot/stew.py": "",
            "menu/cold.py": "class Salad:\n    pass\n",
            "menu/logo.svg": "",
        }
    )
    return names(world.walk()) - {"__main__"}


HOT = {"menu", "menu.hot"}
ALL = {*HOT, "menu.hot.stew", "menu.cold"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('APP = "shop:make"', {"shop"}),
        ('serve(app="shop:make.deeper", workers=2)', {"shop"}),
        ('CLASS = {"class": "shop.Shop"}', {"shop"}),
        ('LIST = ["menu.cold.Salad", "shop.nothing"]', {"menu", "menu.cold"}),
        ('def f(x="menu.hot"):\n    pass', HOT),
        ('NAMES = "shop", "menu", "the shop", "shop.txt"', set()),
        ('import os\nos.environ.setdefault("CANTEEN_MODULE", "menu.hot")', HOT),
        ('import os\nos.environ.setdefault("CANTEEN_MODULE", "shop")', {"shop"}),
        ('import os\nx = os.environ.get("CANTEEN_MODULE", "shop")', {"shop"}),
        ('import os\nos.environ["CANTEEN_MODULE"] = "shop"', {"shop"}),
        ('import importlib\nNAME = "sh" + "op"\nimportlib.import_module(NAME)', {"shop"}),
        ('import importlib\ndef f():\n    importlib.import_module(NAME)\nNAME = "shop"', {"shop"}),
        ('import importlib\nfor name in ["cold"]:\n    importlib.import_module("menu." + name)', {"menu", "menu.cold"}),
        ('import importlib\nT = {"a": ("menu.hot", "soup")}\nm, a = T["a"]\nimportlib.import_module(m)', HOT),
        ('import importlib\nimportlib.import_module(f"menu.{x}")', ALL),
        ('import importlib\nimportlib.import_module("menu.%s" % x)', ALL),
        ('import importlib\nimportlib.import_module("menu.{}".format(x))', ALL),
        ('import importlib\nimportlib.import_module(".".join(("menu", x)))', ALL),
        ('import importlib\nimportlib.import_module(f"menu.c{x}")', {"menu", "menu.cold"}),
        ('import importlib\nimportlib.import_module(f"menu.{x}.stew")', {*HOT, "menu.hot.stew"}),
        ('import pkgutil, menu\nlist(pkgutil.walk_packages(menu.__path__, "menu."))', ALL),
        ('import pkgutil\nfrom menu import hot\nlist(pkgutil.iter_modules(hot.__path__))', {*HOT, "menu.hot.stew"}),
        ('import importlib\ndef load(name):\n    return importlib.import_module(name)\nload("shop")', {"shop"}),
        ('optional_import("shop")\nlazy_load("menu.hot")', {"shop", *HOT}),
        ('from pathlib import Path\nrun([python, Path(__file__).with_name("shop.py")])', {"shop"}),
    ],
)  # fmt: skip
def test_what_a_script_names(text: str, found: set[str], world: World) -> None:
    assert project(text, world) == found


@pytest.mark.parametrize(
    "text",
    [
        'def __getattr__(name):\n    return import_module(_T[name], __name__)\n_T = {"Salad": ".cold"}',
        '_TABLE = {"cold": ["Salad"]}\nimport sys\nsys.modules[__name__] = _Lazy(__name__, _TABLE)',
        'import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, ["cold"])',
        '__all__ = ["cold"]',
        '__all__ = []\n__all__ += ["cold"]',
        'from importlib import import_module\nfor name in ("cold",):\n    import_module(f"{__name__}.{name}")',
        'import importlib as i\nfor name in ("cold",):\n    i.import_module(f".{name}", package=__package__)',
    ],
)
@pytest.mark.parametrize("installed", [False, True])
def test_packages_that_import_their_modules_late(text: str, installed: bool, world: World) -> None:
    files = {"menu/__init__.py": text, "menu/cold.py": "import ice\n", "menu/hot.py": "import fire\n"}
    world.install("ice", {"ice.py": ""})
    world.install("fire", {"fire.py": ""})
    if installed:
        world.install("menu", files)
    else:
        world.write(files)
    world.write({"app.py": "from menu import *\n"})
    assert "ice" in names(world.walk())
    assert "fire" not in names(world.walk())


def test_a_stub_that_a_lazy_loader_reads(world: World) -> None:
    text = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)\n"
    stub = "from .cold import Salad as Salad\nfrom . import hot as hot\n"
    files = {"menu/__init__.py": text, "menu/__init__.pyi": stub, "menu/cold.py": "import ice\n", "menu/hot.py": ""}
    world.install("ice", {"ice.py": ""})
    world.write({"app.py": "import menu\n", **files})
    assert names(world.walk()) == {"__main__", "menu", "menu.cold", "menu.hot", "ice"}
    assert "app/menu/__init__.pyi" in {file.path for file in world.collect().files}


def test_what_is_only_named_need_not_compile(world: World) -> None:
    world.write({"app.py": 'ITEM = "menu.old"\n', "menu/__init__.py": "", "menu/old.py": "print 1\n"})
    assert "menu.old" not in names(world.collect())
    assert len(warnings(world.walk())) == 1


def test_a_namespace_of_the_old_kind_in_another(world: World) -> None:
    declare = "__import__('pkg_resources').declare_namespace(__name__)\n"
    other = world.directory / "other"
    world.write({"extra.pth": f"{other}\n"}, world.site)
    for root, name in ((world.site, "one"), (other, "two")):
        files = {"big/__init__.py": declare, "big/small/__init__.py": declare, f"big/small/{name}.py": ""}
        world.write(files, root)
    world.write({"app.py": "import big.small.one, big.small.two\n"})
    assert {"big.small.one", "big.small.two"} <= names(world.walk())


def test_a_namespace_without_files_of_its_own(world: World) -> None:
    world.write({"big/one.py": "", "big.one-nspkg.pth": "import sys, types\n"}, world.site)
    world.write({"app.py": "import big.one\n", "big.py.txt": ""})
    assert "big.one" in names(world.walk())
