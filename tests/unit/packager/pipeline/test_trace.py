"""What running a program adds to what its code shows."""

from __future__ import annotations

from pypkg.collect.session import collect
from pypkg.pipeline.trace import Traced, run_traced, with_traced
from unit.packager.world import World, names, paths


def traced(world: World, entry: str, *arguments: str) -> tuple[set[str], set[str], Traced]:
    """Return the modules and files that are packaged, and what a run added to them."""
    environment = world.inspect()
    with world.context(entry) as context:
        payload = collect(context, environment, world.resolution, cache=world.cache / "wheels")
        changed, found = with_traced(context, payload, run_traced(context, environment, arguments))
        payload = collect(changed, environment, world.resolution, cache=world.cache / "wheels")
        return names(payload), paths(payload), found.packaged(payload, context.application.name)


def test_what_a_script_imports_and_reads(world: World) -> None:
    world.install("paint", {"paint/__init__.py": "", "paint/red.py": "import pigment\n"})
    world.install("pigment", {"pigment.py": ""})
    text = """
import os, sys
sys.modules["importlib"].import_module(sys.argv[1])
here = sys.modules["__main__"].__file__.rpartition(os.sep)[0]
print(open(here + "/" + sys.argv[2]).read())
open(here + "/result", "w").close()
open(here + "/.env").close()
sys.exit(3)
"""
    text = text.replace("\nimport os, sys", "\nimport importlib, os, sys")
    world.write({"app.py": text, "notes/first": "", "notes/second": "", ".env": "SECRET=1"})
    modules, files, found = traced(world, "app.py", "paint.red", "notes/first")
    assert modules == {"__main__", "paint", "paint.red", "pigment"}
    assert {file for file in files if file.startswith("app/")} == {"app/notes/first"}
    assert found.settings == {"hidden-imports": ["paint", "paint.red", "pigment"], "assets": ["notes/first"]}


def test_an_entry_point_that_shows_everything_adds_nothing(world: World) -> None:
    project = '[project]\nname = "demo"\n[project.scripts]\ndemo = "demo.cli:main"\n'
    text = "import json\nfrom demo import other\ndef main():\n    return 0\n"
    world.write({"pyproject.toml": project, "demo/__init__.py": "", "demo/cli.py": text, "demo/other.py": ""})
    assert not traced(world, "")[2]
