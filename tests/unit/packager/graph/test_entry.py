"""What a walk starts from: the entry, and what the configuration and the project's metadata name."""

from __future__ import annotations

import pytest

from pypkg_core.errors import UsageError
from unit.packager.world import World, names, warnings


@pytest.mark.parametrize(
    ("platform", "declared"), [("linux", {"everywhere", "unix"}), ("win", {"everywhere", "windows"})]
)
def test_markers_of_dependencies_are_evaluated_for_the_target(world: World, platform: str, declared: set[str]) -> None:
    dependencies = [
        "Everywhere>=1",
        "unix; sys_platform != 'win32'",
        "windows; sys_platform == 'win32'",
        "optional; extra == 'more'",
    ]
    installed = ["everywhere", "unix", "windows", "optional", "undeclared", "unused"]
    for name in installed:
        world.install(name, {f"{name}.py": ""})
    world.write(
        {
            "pyproject.toml": f'[project]\nname = "demo"\ndependencies = {dependencies}\n'
            '[project.scripts]\ndemo = "demo:main"\n',
            "demo/__init__.py": "def main(): ...\n",
            "demo/unreached.py": "import undeclared\n",
        }
    )
    assert names(world.walk("", platform)) == {"__main__", "demo", "demo.unreached", "undeclared"} | declared


def test_a_declared_dependency_that_is_not_installed_is_a_warning(world: World) -> None:
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\ndependencies = ["Far-Away", "x; os_name == \'nt\'"]\n'
            '[project.scripts]\ndemo = "demo:main"\n',
            "demo.py": "def main(): ...\n",
        }
    )
    assert warnings(world.walk("")) == ["demo requires far-away, which is not installed"]


def test_without_a_list_of_dependencies_the_metadata_of_the_project_has_it(world: World) -> None:
    world.install("demo", {"demo.py": "stale\n"}, requires=["dep"])
    world.install("dep", {"dep.py": ""}, requires=["demo"])
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\ndynamic = ["dependencies"]\n'
            '[project.scripts]\ndemo = "demo:main"\n',
            "demo.py": "def main(): ...\n",
        }
    )
    found = world.walk("")
    assert names(found) == {"__main__", "demo", "dep"}
    assert list(found.distributions) == ["dep"]


def test_without_a_list_of_dependencies_every_import_counts(world: World) -> None:
    world.install("dep", {"dep.py": ""})
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\n[project.scripts]\ndemo = "demo:main"\n',
            "demo/__init__.py": "def main(): ...\n",
            "demo/unreached.py": "import dep\n",
        }
    )
    assert "dep" in names(world.walk(""))


def test_what_the_configuration_names_is_walked(world: World) -> None:
    world.install("hidden", {"hidden.py": ""})
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\n[tool.pypkg]\nhidden-imports = ["hidden", "nowhere"]\n'
            'scripts = ["jobs/*.py"]\nexcludes = ["left"]\n',
            "__main__.py": "import left\n",
            "left.py": "",
            "jobs/nightly.py": "import colorsys\n",
        }
    )
    found = world.walk("")
    assert names(found) == {"__main__", "hidden", "jobs", "jobs.nightly"}
    assert warnings(found)[0] == "Cannot find module 'nowhere', which hidden-imports names"


@pytest.mark.parametrize("key", ["assets", "scripts"])
def test_a_file_outside_the_project_is_refused(world: World, key: str) -> None:
    world.write(
        {
            "pyproject.toml": f'[project]\nname = "demo"\n[tool.pypkg]\n{key} = ["../other/*.py"]\n',
            "__main__.py": "",
            "../other/one.py": "",
        }
    )
    with pytest.raises(UsageError, match=rf"{key} .*names .*one\.py, which is outside the project"):
        world.walk("")


def test_a_pattern_that_matches_no_file_is_refused(world: World) -> None:
    world.write(
        {
            "pyproject.toml": '[project]\nname = "demo"\n[tool.pypkg]\nassets = ["data/*.csv"]\n',
            "__main__.py": "",
        }
    )
    with pytest.raises(UsageError, match=r"assets in .* names 'data/\*\.csv', which matches no file"):
        world.walk("")
