"""Configurations: keys, spellings, errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.diagnostics import Severity
from pypkg.project.asset_list import AssetList
from pypkg.project.config import Config, load_config
from pypkg.project.project import Project, load_project
from pypkg_core.errors import UsageError
from pypkg_core.patterns import Patterns


def project_with(folder: Path, table: str = "") -> Project:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\n[tool.pypkg]\n{table}\n')
    (folder / "__main__.py").write_text("")
    return load_project(folder)


def test_all_keys(tmp_path: Path) -> None:
    table = (
        'targets = ["py313-linux-x64"]\noutput-path = "dist"\nname = "app"\nscripts = "extra/*.py"\n'
        'assets = ["a/**", "!a/b"]\nhidden-imports = ["one", "two"]\nexcludes = "tkinter"\nignore = "**/*.tmp"\n'
        "interpreter = false\npaths = 'lib'\n"
    )
    config = load_config(project_with(tmp_path, table), None)
    assert config == Config(
        directory=tmp_path,
        origin=tmp_path / "pyproject.toml",
        targets=("py313-linux-x64",),
        output_path=tmp_path / "dist",
        name="app",
        scripts=Patterns(("extra/*.py",)),
        assets=AssetList(patterns=Patterns(("a/**", "!a/b"))),
        paths=(tmp_path / "lib",),
        hidden_imports=("one", "two"),
        excludes=("tkinter",),
        ignore=Patterns(("**/*.tmp",)),
        interpreter=False,
    )


def test_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("")
    assert load_config(load_project(tmp_path / "x.py"), None) == Config(directory=tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.toml", 'outputPath = "d"\nhiddenImports = "m"\n'),
        ("c.toml", '[tool.pypkg]\noutput_path = "d"\nhidden-imports = ["m"]\n'),
        ("c.json", '{"outputPath": "d", "hiddenImports": ["m"]}'),
        ("c.json", '{"pypkg": {"output-path": "d", "hidden-imports": "m"}}'),
    ],
)
def test_files_of_their_own(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text(text)
    config = load_config(project_with(tmp_path, "unknown = 1"), tmp_path / "sub" / name)
    assert (config.output_path, config.hidden_imports) == (tmp_path / "sub" / "d", ("m",))
    assert not config.diagnostics


def test_unknown_keys_warn_with_the_file(tmp_path: Path) -> None:
    config = load_config(project_with(tmp_path, "asets = 1"), None)
    (warning,) = map(str, config.diagnostics.of(Severity.WARNING))
    assert str(tmp_path / "pyproject.toml") in warning
    assert "tool.pypkg.asets" in warning


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("assets = 3", r"pyproject\.toml: tool\.pypkg\.assets: expected a string, got 3"),
        ('assets = ["a", 3]', r"tool\.pypkg\.assets\[1\]: expected a string, got 3"),
        ("name = false", "expected a string, got False"),
        ('name = "a/b"', r"tool\.pypkg\.name: expected letters"),
        ('name = ""', r"tool\.pypkg\.name: is empty"),
        ('output-path = ["a"]', r"expected a string, got \['a'\]"),
        ('assets = "/etc/hosts"', r"expected a relative pattern, got '/etc/hosts'"),
        ('assets = [{ from = "a" }]', r"tool\.pypkg\.assets\[0\]\.to: is missing"),
        ('assets = { from = "a", to = "b", at = "c" }', r"tool\.pypkg\.assets\.at: unknown key"),
        ('assets = { from = "a", to = "../b" }', r"assets\.to: expected a path below the project, got '\.\./b'"),
        ('assets = { from = "a", to = "/b" }', r"assets\.to: expected a path below the project, got '/b'"),
        ("dictionary = 3", r"tool\.pypkg\.dictionary: expected a table"),
        ("[tool.pypkg.dictionary]\nnumpy = 3", r"tool\.pypkg\.dictionary\.numpy: expected a table"),
        ("[tool.pypkg.dictionary.numpy]\nassets = [1]", r"dictionary\.numpy\.assets\[0\]: expected a string, got 1"),
        ("[tool.pypkg.dictionary]\na_b.log = 'x'\na-b.log = 'y'", r"'a-b' is defined twice"),
        ('output-path = "a"\noutputPath = "b"', "defined twice"),
    ],
)
def test_wrong_types_name_the_place(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_config(project_with(tmp_path, table), None)


def test_a_config_file_and_a_pyproject_as_input(tmp_path: Path) -> None:
    project_with(tmp_path)
    project = load_project(tmp_path / "pyproject.toml")
    with pytest.raises(UsageError, match="cannot be used with"):
        load_config(project, tmp_path / "c.toml")


@pytest.mark.parametrize(("name", "text"), [("c.json", "{"), ("c.toml", "a ="), ("c.json", "[]")])
def test_a_broken_config_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=name):
        load_config(project_with(tmp_path), tmp_path / name)
    with pytest.raises(UsageError, match="Cannot read"):
        load_config(project_with(tmp_path), tmp_path / ("missing-" + name))


def test_the_dictionary_can_be_changed(tmp_path: Path) -> None:
    table = (
        '[tool.pypkg.dictionary]\ndisable = "zoneinfo"\n'
        '[tool.pypkg.dictionary.NumPy]\nhiddenImports = "numpy.x"\nexcludes = []\n'
    )
    settings = load_config(project_with(tmp_path, table), None).dictionary
    assert settings.disable == ("zoneinfo",)
    assert settings.overrides == {"numpy": {"hidden_imports": ("numpy.x",), "excludes": Patterns()}}
    package_called_disable = "[tool.pypkg.dictionary.disable]\nlog = 'x'\n"
    settings = load_config(project_with(tmp_path, package_called_disable), None).dictionary
    assert (settings.disable, settings.overrides) == ((), {"disable": {"log": "x"}})


def test_an_unknown_key_of_an_entry_warns(tmp_path: Path) -> None:
    config = load_config(project_with(tmp_path, "[tool.pypkg.dictionary.numpy]\nasets = 1"), None)
    known = "known: assets, excludes, hidden-imports, log, scripts"
    assert f"unknown key tool.pypkg.dictionary.numpy.asets ({known})" in str(next(iter(config.diagnostics)))
