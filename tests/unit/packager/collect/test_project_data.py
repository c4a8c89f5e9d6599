"""Files of the project that its code names."""

from __future__ import annotations

import pytest

from unit.packager.world import World, paths, warnings


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ('class Board(App):\n    CSS_PATH = "board.tcss"', {"board.tcss"}),
        ('class Board(App):\n    CSS_PATH = ["board.tcss", "none.tcss"]', {"board.tcss"}),
        ('load_ui("forms/main.ui")', {"forms/main.ui"}),
        ('UI = "forms/main.ui"\nload(path=UI)', {"forms/main.ui"}),
        ('text = "board.tcss"', set()),
        ('print(open("board.tcss", "w"))', set()),
        ('open(f"{HERE}/forms/main.ui")', {"forms/main.ui"}),
        ('NAME = "board.tcss"\nopen(HERE / NAME)', {"board.tcss"}),
        ('[open(HERE / name) for name in ("board.tcss", "a.json")]', {"board.tcss", "a.json"}),
        ('open(HERE / f"{name}.json")', {"a.json", "b.json"}),
        ('list(HERE.glob("*.json"))', {"a.json", "b.json"}),
        ('list(HERE.rglob("*.ui"))', {"forms/main.ui"}),
        ('glob.glob(os.path.join(os.path.dirname(__file__), "?.json"))', {"a.json", "b.json"}),
        ('open(Path(__file__).with_suffix(".toml"))', {"app.toml"}),
        ('open(os.path.splitext(__file__)[0] + ".toml")', {"app.toml"}),
        ('base = getattr(sys, "_MEIPASS", os.path.dirname(__file__))\nopen(os.path.join(base, "a.json"))', {"a.json"}),
        ('(importlib.resources.files("forms") / "main.ui").read_text()', {"forms/main.ui"}),
    ],
)
def test_files_beside_a_module(text: str, files: set[str], world: World) -> None:
    data = dict.fromkeys(["board.tcss", "forms/main.ui", "a.json", "b.json", "app.toml", "other.txt"], "")
    head = "import glob, importlib.resources, os, sys\nfrom pathlib import Path\nHERE = Path(__file__).parent\n"
    world.write({**data, "app.py": head + text + "\n"})
    found = world.collect()
    assert {path.removeprefix("app/") for path in paths(found)} == files
    assert not warnings(found)


@pytest.mark.parametrize("text", ["open(HERE / name)", "os.listdir(HERE)", "open(os.path.join(HERE, name))"])
def test_a_computed_name_beside_a_module_is_told(text: str, world: World) -> None:
    head = "import os, sys\nfrom pathlib import Path\nHERE = Path(__file__).parent\nname = sys.argv[1]\n"
    world.write({"app.py": head + text + "\n", "other.txt": ""})
    found = world.collect()
    assert not paths(found)
    (line,) = warnings(found)
    assert line.startswith("app.py:5: cannot tell which file")


def test_a_computed_name_in_a_package_that_comes_whole(world: World) -> None:
    text = "from pathlib import Path\ndef main(name='x'):\n    return (Path(__file__).parent / name).read_text()\n"
    project = '[project]\nname = "demo"\n[project.scripts]\ndemo = "demo.cli:main"\n'
    world.write({"pyproject.toml": project, "demo/__init__.py": "", "demo/cli.py": text, "demo/a.txt": ""})
    found = world.collect("")
    assert "demo/demo/a.txt" in paths(found)
    assert not warnings(found)


def test_modules_that_a_package_lists_come_without_their_text(world: World) -> None:
    text = (
        "import glob, os\n"
        "__all__ = [os.path.basename(f)[:-3] for f in glob.glob(os.path.join(os.path.dirname(__file__), '*.py'))]\n"
    )
    world.write({"app.py": "from steps import *\n", "steps/__init__.py": text, "steps/one.py": "import two\n"})
    world.write({"two.py": ""})
    found = world.collect()
    assert {module.name for module in found.modules} == {"__main__", "steps", "steps.one", "two"}
    assert not paths(found)
    assert not any(module.readable for module in found.modules)
