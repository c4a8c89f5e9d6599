"""The options about what is packaged, and executables that lie in the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.cli.main import main
from pypkg_core.binaries import read_image
from pypkg_core.image import Image
from pypkg_core.targets.catalogue import Target


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: Path) -> Path:
    """A project beside other files; the working directory is that of both."""
    work = tmp_path / "work"
    monkeypatch.chdir(tmp_path)
    files = {
        "work/project/app.py": "import json\n",
        "work/project/plugins/one.py": "",
        "work/project/plugins/two.py": "",
        "work/project/notes.txt": "",
        "work/project/secret.key": "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
        "work/rates=1.csv": "",
        "work/lib/shared_code.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(work)
    return work / "project"


def package(target: Target, *options: str) -> Image:
    assert main(["-t", target.name, "-o", "out/app", *options, "project/app.py"]) == 0
    return read_image(Path("out/app"))


def modules(image: Image) -> set[str]:
    return {module.name for module in image.modules if not module.entry.path.startswith("lib/")}


def files(image: Image) -> set[str]:
    return {entry.path for entry in image.entries if entry.path.startswith("app/") and not entry.withheld}


def test_options_add_to_the_configuration(target: Target, project: Path) -> None:
    config = project / "pypkg.toml"
    config.write_text('assets = ["notes.txt", "more.txt"]\nhidden-imports = ["plugins.one"]\nexcludes = ["nothing"]\n')
    (project / "more.txt").write_text("")
    image = package(target, "-c", str(config), "--asset", "rates=1.csv=data/", "--hidden-import", "shared_*",
                    "--path", "lib", "--exclude", "json", "--ignore", "more.*")  # fmt: skip
    assert modules(image) == {"__main__", "plugins", "plugins.one", "shared_code"}
    assert files(image) >= {"app/notes.txt", "app/data/rates=1.csv"}
    assert "app/more.txt" not in files(image)
    assert image.search_path[:2] == ("/snapshot/app", "/snapshot/app/lib")
    assert image.find_module("json") is None
    assert image.lookup(f"lib/python{target.series}/json.py") is None


def test_modules_by_pattern(target: Target) -> None:
    assert modules(package(target, "--hidden-import", "plugins.*")) == {
        "__main__",
        "plugins",
        "plugins.one",
        "plugins.two",
    }


def test_an_asset_may_keep_its_path(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert "app/notes.txt" in files(package(target, "--asset", "project/notes.txt"))
    assert "Warning" not in capsys.readouterr().err
    assert "app/secret.key" in files(package(target, "--asset", "project/secret.key"))
    assert "Warning secret.key: looks like a private key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--asset", "rates=1.csv"], "outside the project"),
        (["--asset", "nothing.txt=x"], "--asset nothing.txt=x names 'nothing.txt', which matches no file"),
        (["--asset", "rates=1.csv="], "--asset rates=1.csv=: expected a path after '='"),
        (["--asset", "rates=1.csv=/etc/x"], "expected a path below the project, got '/etc/x'"),
        (["--path", "nowhere"], "nowhere, which is no directory"),
        (["--ignore", "/etc"], "--ignore: expected a relative pattern, got '/etc'"),
        (["--exclude", "encodings"], "excludes names encodings, without which no program starts"),
    ],
)
def test_usage_errors(options: list[str], message: str, target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-t", target.name, "-o", "app", *options, "project/app.py"]) == 2
    assert message in capsys.readouterr().err


def test_earlier_executables_are_not_packaged(
    target: Target, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pypkg.toml").write_text('assets = ["**", "!secret.key"]\n')
    sizes = []
    for name in ("one", "two.bin", "one", "three"):
        output = project / "dist" / name
        assert main(["-t", target.name, "-o", str(output), "-c", "project/pypkg.toml", "project/app.py"]) == 0
        sizes.append(output.stat().st_size)
    assert len(set(sizes)) == 1
    err = capsys.readouterr().err
    assert "Left out 1 executable that pypkg made, which assets does not name: dist/one" in err
    assert "Left out 2 executables that pypkg made, which assets does not name, such as dist/one" in err
    (project / "pypkg.toml").write_text('assets = ["dist/two.bin"]\n')
    assert "app/dist/two.bin" in files(package(target, "-c", "project/pypkg.toml"))
