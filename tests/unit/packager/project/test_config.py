"""Configurations: keys, spellings, globs, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.project.config import Config, load_config
from pypkg.project.project import load_project
from pypkg_core.errors import UsageError
from pypkg_core.patterns import expand


def project_with(folder: Path, table: str = ""):
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\n[tool.pypkg]\n{table}\n')
    (folder / "__main__.py").write_text("")
    return load_project(folder)


def test_all_keys(tmp_path: Path) -> None:
    table = (
        'targets = ["py313-linux-x64"]\noutput-path = "dist"\nname = "app"\nscripts = "extra/*.py"\n'
        'assets = ["a/**", "!a/b"]\nhidden-imports = ["one", "two"]\nexcludes = "tkinter"\nignore = "**/*.tmp"\n'
    )
    config = load_config(project_with(tmp_path, table), None)
    assert config == Config(
        directory=tmp_path,
        origin=tmp_path / "pyproject.toml",
        targets=("py313-linux-x64",),
        output_path=tmp_path / "dist",
        name="app",
        scripts=("extra/*.py",),
        assets=("a/**", "!a/b"),
        hidden_imports=("one", "two"),
        excludes=("tkinter",),
        ignore=("**/*.tmp",),
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
    assert config.warnings == ()


def test_unknown_keys_warn_with_the_file(tmp_path: Path) -> None:
    config = load_config(project_with(tmp_path, "asets = 1"), None)
    assert len(config.warnings) == 1
    assert str(tmp_path / "pyproject.toml") in config.warnings[0]
    assert "tool.pypkg.asets" in config.warnings[0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("assets = 3", r"tool\.pypkg\.assets in .*pyproject\.toml is a number, wanted a string"),
        ('assets = ["a", 3]', r"tool\.pypkg\.assets\[1\] in .* is a number"),
        ("name = false", "is a truth value"),
        ('name = "a/b"', "wanted are letters"),
        ('name = ""', "is an empty string"),
        ('output-path = ["a"]', "is a list"),
        ('output-path = "a"\noutputPath = "b"', "is there twice"),
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


def test_globs(tmp_path: Path) -> None:
    for name in ("a/x.txt", "a/b/y.txt", "a/.hidden/z.txt", "a/.dot", "c/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    def names(*patterns: str, ignore: tuple[str, ...] = ()) -> list[str]:
        return [file.relative_to(tmp_path).as_posix() for file in expand(patterns, tmp_path, ignore=ignore).files]

    assert names("a/**/*") == ["a/.dot", "a/.hidden/z.txt", "a/b/y.txt", "a/x.txt"]
    assert names("a") == names("a/**") == names("a/**/*")
    assert names("**/*.txt", "!a/**") == ["c/x.txt"]
    assert names("!a/x.txt", "a/*.txt") == ["a/x.txt"]
    assert names("a", ignore=("**/.hidden/**", "**/y.txt")) == ["a/.dot", "a/x.txt"]
    found = expand(["c/x.txt", "nothing/*", "!also-nothing"], tmp_path)
    assert found.unmatched == ("nothing/*",)
