"""The effect of patterns and of the dictionary on the packaged files."""

from __future__ import annotations

import pytest

from ..world import World, names, notices, paths

FILES = dict.fromkeys(("data/[a].txt", "data/a.txt", "data/b.txt", "data/keep.map", "data/x.map"), "")


def packaged(world: World, table: str) -> set[str]:
    world.write({"pyproject.toml": f'[project]\nname = "demo"\n[tool.pypkg]\n{table}\n', "__main__.py": "import data"})
    world.write({"data/__init__.py": "", **FILES})
    return {path.removeprefix("demo/data/") for path in paths(world.collect(""))}


@pytest.mark.parametrize("assets", ["", 'assets = ["data"]\n'])  # found as a package's data, and named
def test_ignore_means_the_same_for_data_and_for_assets(world: World, assets: str) -> None:
    table = assets + 'ignore = ["data/[a].txt", "data/*.map", "!data/keep.map"]'
    assert packaged(world, table) == {"[a].txt", "b.txt", "keep.map"}


def test_assets_take_sets_and_negations(world: World) -> None:
    table = 'assets = ["data/[a].txt", "data/*.map", "!data/keep.map"]\nignore = "**/b.txt"'
    # The rest of the directory is packaged as data of the package.
    assert packaged(world, table) == {"[a].txt", "a.txt", "keep.map", "x.map"}


def test_an_entry_of_the_dictionary_can_be_changed_and_disabled(world: World) -> None:
    world.install("numpy", {"numpy/__init__.py": "", "numpy/plugin.py": "", "numpy/_core/include/x.h.txt": ""})
    world.write({"pyproject.toml": '[project]\nname = "demo"\n', "__main__.py": "import numpy", "late.py": ""})
    assert "site-packages/numpy/_core/include/x.h.txt" not in paths(world.collect(""))
    table = '[project]\nname = "demo"\n[tool.pypkg.dictionary]\n'
    world.write({"pyproject.toml": table + 'disable = ["numpy"]\n'})
    assert "site-packages/numpy/_core/include/x.h.txt" in paths(world.collect(""))
    world.write({"pyproject.toml": table + 'numpy = {hidden-imports = ["late"], log = "numpy comes along"}\n'})
    payload = world.collect("")
    assert "late" in names(payload)
    assert "numpy comes along" in notices(payload)
    assert "site-packages/numpy/_core/include/x.h.txt" not in paths(payload)
