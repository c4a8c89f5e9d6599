"""Inputs: what is accepted as a project, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.project.project import EntryPoint, load_project
from pypkg_core.errors import UsageError


def pyproject(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_a_script_with_and_without_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, stem in (("hello.py", "hello"), ("tool", "tool"), ("a.b", "a.b"), ("win.pyw", "win")):
        (tmp_path / name).write_text("print(1)\n")
        project = load_project(Path(name))
        assert (project.name, project.output_name, project.root) == (stem, stem, tmp_path)
        assert (project.entry, project.import_roots) == (tmp_path / name, (tmp_path,))
        assert project.main_path == f"{stem}/{name}"
        assert project.pyproject is None


def test_a_directory_with_main(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("")
    project = load_project(tmp_path)
    assert (project.name, project.output_name) == ("__main__", tmp_path.name)
    assert project.main_path == "__main__/__main__.py"


@pytest.mark.parametrize("layout", ["src", ".", "python"])
def test_a_pyproject_with_scripts(tmp_path: Path, layout: str) -> None:
    text = '[project]\nname = "notes"\n[project.scripts]\nother = "notes.x:y"\nnotes = "notes.cli:main.run [extra]"\n'
    if layout == "python":
        text += '[tool.setuptools.packages.find]\nwhere = ["python"]\n'
    folder = pyproject(tmp_path / "p", text)
    (folder / layout / "notes").mkdir(parents=True)
    for path in (folder, folder / "pyproject.toml"):
        project = load_project(path)
        assert project.entry == EntryPoint(module="notes.cli", attribute="main.run")
        assert (project.name, project.root, project.import_roots) == ("notes", folder, (folder / layout,))
        assert (project.main_path, project.pyproject) == ("notes/__main__.py", folder / "pyproject.toml")
        assert project.input == path


def test_the_entry_is_the_projects_else_the_first(tmp_path: Path) -> None:
    folder = pyproject(tmp_path / "p", '[project]\nname = "x"\n[project.scripts]\nb = "m:b"\na = "m:a"\n')
    assert str(load_project(folder).entry) == "m:b"
    pyproject(folder, '[project]\nname = "x"\n[project.gui-scripts]\nw = "m:w"\n')
    assert str(load_project(folder).entry) == "m:w"
    pyproject(folder, '[project]\nname = "x"\n')
    (folder / "__main__.py").write_text("")
    project = load_project(folder)
    assert (project.entry, project.name) == (folder / "__main__.py", "x")


def test_a_console_script_knows_its_environment(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("")
    script = environment / "bin" / "http"
    script.write_text("#!/venv/bin/python\nimport sys\nfrom httpie.__main__ import main\nsys.exit(main())\n")
    (tmp_path / "link").symlink_to(script)
    for path in (script, tmp_path / "link"):
        project = load_project(path)
        assert (project.environment, project.import_roots) == (environment, ())
        assert project.name == path.name


def test_the_generated_main_calls_the_function() -> None:
    source = EntryPoint(module="json.decoder", attribute="JSONDecoder.decode").main_source()
    assert source == (
        "import sys\nfrom json.decoder import JSONDecoder\n"
        "if __name__ == '__main__':\n    sys.exit(JSONDecoder.decode())\n"
    )


@pytest.mark.parametrize("head", [b"\x7fELF", b"MZ\x90", b"\xcf\xfa\xed\xfe"])
def test_an_executable_is_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "app").write_bytes(head + bytes(100))
    with pytest.raises(UsageError, match="Trying to take executable into executable"):
        load_project(tmp_path / "app")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", r"Cannot read .*pyproject\.toml: .*line 1"),
        ('[project]\nname = "x"\n', "Cannot find the entry"),
        ("project = 1\n", "project in .*: expected a table"),
        ('[project]\nname = "../x"\n', "expected a project name"),
        ('[project]\nname = "x"\nscripts = 3\n', r"project\.scripts in .*: expected a table"),
        ('[project]\nname = "x"\n[project.scripts]\nx = "no-function"\n', r"project\.scripts\.x in .*: expected"),
        ('[project]\nname = "x"\n[project.scripts]\nx = 1\n', r"project\.scripts\.x in .* got 1"),
    ],
)
def test_a_bad_pyproject_names_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_project(pyproject(tmp_path / "p", text))


def test_what_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_project(tmp_path / "missing.py")
    with pytest.raises(UsageError, match="neither a file nor a directory"):
        load_project(Path("/dev/null"))
    (tmp_path / "x.pyc").write_bytes(b"\xa7\r\r\n\0\0\0\0")
    with pytest.raises(UsageError, match="is a binary file"):
        load_project(tmp_path / "x.pyc")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"__main__\.py is missing"):
        load_project(tmp_path / "empty")
