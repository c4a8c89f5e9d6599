"""The command line, and the whole way with a base that cannot run."""

from __future__ import annotations

import marshal
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from pypkg.cli import main as cli
from pypkg.cli.main import main
from pypkg.diagnostics import Diagnostics
from pypkg.messages import human_size
from pypkg.pipeline import executable
from pypkg.pipeline.package import Prepared, Progress, Request
from pypkg.pipeline.shared import Shared
from pypkg.pipeline.trace import Traced
from pypkg.pipeline.writing import Written
from pypkg.project.outputs import Output
from pypkg_core.bases.record import write_sha256
from pypkg_core.binaries import read_image
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import file_sha256
from pypkg_core.image import Image, ImageFlag
from pypkg_core.targets.catalogue import Target
from pypkg_core.version import VERSION


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "hello.py").write_text("import json\nimport helper\nprint(helper.text, json)\n")
    (folder / "helper.py").write_text("text = 'hello'\n")
    return folder


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def image_of(path: str) -> Image:
    image = read_image(Path(path))
    image.verify()
    return image


def test_help_version_and_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-v") == run("--version") == run("-h") == run("--help") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{VERSION}\n{VERSION}\n")
    assert "$ pypkg hello.py" in out
    assert run() == 2
    assert "> Error! No input: expected a script" in capsys.readouterr().err


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    out = capsys.readouterr().out
    for parameter in cli._command.params:
        for option in parameter.opts:
            if option.startswith("-"):
                assert re.search(rf"(?<!\S){option}\b", out), option


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.py"], "Input file does not exist: nothing.py"),
        (["hello.py", "helper.py"], "Too many inputs: expected one, got hello.py, helper.py"),
        (["-o", "x", "--out-path", "y", "hello.py"], "--output and --out-path cannot be used together"),
        (["-t", "py313-amiga-x64", "hello.py"], "Unknown token 'amiga' in 'py313-amiga-x64'"),
        (["-t", "py3.14t-linux-x64", "hello.py"], "Free-threaded builds are not offered yet: 'py3.14t'"),
        (["--frobnicate", "hello.py"], "--frobnicate"),
        (["-t"], "-t"),
        (["-o", "hello.py", "hello.py"], "Refusing to overwrite input file"),
        (["--options", "m", "hello.py"], "Cannot build in the option 'm': the packaged program is what runs"),
        (["-c", "missing.toml", "hello.py"], "Cannot read missing.toml"),
        ([sys.executable], "Trying to take executable into executable"),
    ],
)
def test_usage_errors(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert run(*arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("> Error! ") == 1
    assert sorted(folder.iterdir()) == before


def test_packaging(built: Path, target: Target, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert run("-t", target.name, "-o", "out/app", "hello.py") == 0
    captured = capsys.readouterr()
    assert re.fullmatch(r"out/app  [\d.]+ [kM]?B\n", captured.out)
    assert os.access("out/app", os.X_OK)
    assert [path.name for path in (folder / "out").iterdir()] == ["app"]
    image = image_of("out/app")
    library = f"lib/python{target.series}"
    assert image.search_path == ("/snapshot/hello", f"/snapshot/{library}", "/snapshot/site-packages")
    assert image.manifest == {
        "base": {"libraries": {"zlib": "1.3.1"}, "sha256": file_sha256(built)},
        "format": 2,
        "kind": "application",
        "name": "hello",
        "pypkg": VERSION,
        "python": read_image(built).manifest["python"],
        "target": target.name,
    }
    main_module, helper = image.find_module("__main__"), image.find_module("helper")
    assert main_module is not None
    assert helper is not None
    assert (main_module.entry.path, main_module.entry.withheld) == ("hello/hello.py", True)
    code = marshal.loads(image.code(helper) or b"")  # noqa: S302 (our own bytes)
    assert code.co_filename == "/snapshot/hello/helper.py"
    source, data = image.lookup(f"{library}/json.py"), image.lookup(f"{library}/data.txt")
    assert source is not None
    assert data is not None
    assert not source.withheld
    assert image.read(data) == b"data stays readable"


def test_options_and_diagnostics(built: Path, target: Target, folder: Path) -> None:
    path = f"lib/python{target.series}/_pypkg_diagnostics.py"
    assert run("-t", target.name, "-o", "plain", "hello.py") == 0
    plain = image_of("plain")
    assert (plain.find_module("_pypkg_diagnostics"), plain.lookup(path)) == (None, None)
    assert [(point.name, point.options) for point in plain.entry_points] == [("hello", ())]
    assert run("-t", target.name, "-o", "debugged", "--debug", "--options", "u,X=dev", "hello.py") == 0
    debugged = image_of("debugged")
    assert debugged.entry_points[0].options == ("-u", "-Xdev")
    assert debugged.find_module("_pypkg_diagnostics") is not None
    entry = debugged.lookup(path)
    assert entry is not None
    assert run("-t", target.name, "-o", "closed", "--debug", "--no-source", "hello.py") == 0
    withheld = image_of("closed").lookup(path)
    assert withheld is not None and withheld.withheld and not entry.withheld
    assert run("-t", target.name, "--no-source", "--public", "hello.py") == 2


def test_paths_are_folded_as_in_the_base(
    cache: Path, make_base: Callable[..., bytes], target: Target, release: str, folder: Path
) -> None:
    path = cache / f"built-{release}-linux-x64"
    path.parent.mkdir(parents=True)
    path.write_bytes(make_base(flags=ImageFlag.FOLDED | ImageFlag.NO_REENTRY))
    write_sha256(path, file_sha256(path))
    assert run("-t", target.name, "-o", "app", "hello.py") == 0
    image = image_of("app")
    assert image.flags == ImageFlag.FOLDED
    found = image.lookup("HELLO/hello.PY")
    assert found is not None and found.path == "hello/hello.py"


def test_the_same_bytes_from_anywhere(built: Path, target: Target, folder: Path) -> None:
    other = folder.parent / "elsewhere"
    other.mkdir()
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
        os.utime(other / file.name, (1, 1))
    assert run("-t", target.name, "hello.py") == run("-t", target.name, "-o", other / "x", other / "hello.py") == 0
    assert (folder / "hello").read_bytes() == (other / "x").read_bytes()
    assert run("-t", target.name, "hello.py") == 0  # over itself
    assert (folder / "hello").read_bytes() == (other / "x").read_bytes()


def test_a_project_with_configuration(
    built: Path, target: Target, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "p" / "src" / "notes").mkdir(parents=True)
    (folder / "p" / "src" / "notes" / "__init__.py").write_text("")
    (folder / "p" / "src" / "notes" / "cli.py").write_text("def main():\n    return 0\n")
    (folder / "p" / "pyproject.toml").write_text(
        '[project]\nname = "notes"\n[project.scripts]\nnotes = "notes.cli:main"\n'
        f'[tool.pypkg]\ntargets = "{target.name}"\noutput-path = "dist"\nname = "nota"\nnonsense = 1\n'
    )
    assert run("p") == 0
    captured = capsys.readouterr()
    assert "Warning" in captured.err
    assert "tool.pypkg.nonsense" in captured.err
    image = image_of("p/dist/nota")
    assert image.manifest["name"] == "nota"
    main_module = image.find_module("__main__")
    assert main_module is not None
    assert main_module.entry.path == "nota/__main__.py"


def test_the_host_is_assumed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: Target
) -> None:
    asked: list[Target] = []

    def prepare(request: Request, output: Output, progress: Progress, shared: Shared) -> SimpleNamespace:
        asked.append(output.target)
        return SimpleNamespace(diagnostics=Diagnostics(), traced=Traced())

    def write_all(prepared: Sequence[Prepared]) -> Iterator[Written]:
        yield Written(size=1_234_567, diagnostics=Diagnostics())

    monkeypatch.setattr(cli, "prepare", prepare)
    monkeypatch.setattr(cli, "write_all", write_all)
    monkeypatch.setattr(cli, "host_target", lambda: target)
    assert run("hello.py") == 0
    captured = capsys.readouterr()
    assert f"No targets given; assuming {target.name}" in captured.err
    assert (asked, captured.out) == ([target], "hello  1.2 MB\n")


def test_failures_leave_what_was_there(
    built: Path, target: Target, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out").write_text("from before")
    (folder / "helper.py").write_text("def f(:\n")
    assert run("-t", target.name, "-o", "out", "hello.py") == 1
    assert "helper.py:1" in capsys.readouterr().err
    (folder / "helper.py").write_text("")

    def broken(_path: Path, _image: bytes) -> None:
        raise PypkgError("read back wrong")

    monkeypatch.setattr(executable, "_verify", broken)
    assert run("-t", target.name, "-o", "out", "hello.py") == 1
    assert "read back wrong" in capsys.readouterr().err
    assert (folder / "out").read_text() == "from before"
    assert sorted(path.name for path in folder.iterdir()) == ["hello.py", "helper.py", "out"]


@pytest.mark.parametrize("output", ["hello.py/x", "/proc/hello"])
def test_an_output_that_cannot_be_written(
    built: Path, target: Target, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("-t", target.name, "-o", output, "hello.py") == 1
    err = capsys.readouterr().err
    assert f"Cannot write {output}" in err
    assert "Traceback" not in err


def test_surprises_have_no_traceback_but_with_debug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def surprise(_path: Path) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(cli, "load_project", surprise)
    assert run("hello.py") == 1
    err = capsys.readouterr().err
    assert "ZeroDivisionError: odd" in err
    assert "Traceback" not in err
    assert run("-d", "hello.py") == 1
    assert "Traceback" in capsys.readouterr().err

    def interrupt(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "load_project", interrupt)
    assert run("hello.py") == 130
    assert "Interrupted" in capsys.readouterr().err


def test_sizes() -> None:
    sizes = [0, 999, 1000, 34_200_000, 999_949_999, 999_950_001]
    assert list(map(human_size, sizes)) == ["0 B", "999 B", "1.0 kB", "34.2 MB", "999.9 MB", "1.0 GB"]


def test_what_follows_trace_is_for_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[Request] = []

    def prepare(request: Request, output: Output, progress: Progress, shared: Shared) -> SimpleNamespace:
        asked.append(request)
        return SimpleNamespace(diagnostics=Diagnostics(), traced=Traced(hidden_imports=("hidden.name",)))

    def write_all(prepared: Sequence[Prepared]) -> Iterator[Written]:
        yield Written(size=1, diagnostics=Diagnostics())

    monkeypatch.setattr(cli, "prepare", prepare)
    monkeypatch.setattr(cli, "write_all", write_all)
    (tmp_path / "__main__.py").write_text("")
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("")
    assert run("--trace", str(tmp_path), "--", "in.txt", "--save", "-o", "x") == 0
    assert 'hidden-imports = ["hidden.name"]' in capsys.readouterr().err
    assert pyproject.read_text() == ""
    assert run("--trace", "--save", str(tmp_path)) == 0
    assert [request.trace for request in asked] == [("in.txt", "--save", "-o", "x"), ()]
    assert pyproject.read_text() == '[tool.pypkg]\nhidden-imports = ["hidden.name"]\n'
    assert run("--save", str(tmp_path)) == 2
    assert "--save needs --trace" in capsys.readouterr().err
