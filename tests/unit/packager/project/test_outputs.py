"""Names of the executables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.project.outputs import plan_outputs
from pypkg.project.project import Project, load_project
from pypkg_core.errors import UsageError
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.parse import parse_targets


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("")
    return load_project(Path("app.py"))


HOST = Target(version="313", platform="linux", arch="x64")


def names(project: Project, targets: str, output: str | None = None, directory: str | None = None) -> list[str]:
    chosen = parse_targets(targets, host=HOST)
    folder = Path(directory) if directory else None
    outputs = plan_outputs(project, chosen, output=Path(output) if output else None, directory=folder)
    return [str(item.path) for item in outputs]


def test_one_target(project: Project) -> None:
    assert names(project, "host") == ["app"]
    assert names(project, "win") == ["app.exe"]
    assert names(project, "host", "x/y") == ["x/y"]
    assert names(project, "win", "x.EXE") == ["x.EXE"]
    assert names(project, "host", directory="out/er") == ["out/er/app"]


def test_several_targets_get_what_differs(project: Project) -> None:
    assert names(project, "linux,macos,win") == ["app-linux", "app-macos", "app-win.exe"]
    assert names(project, "x64,arm64", "x") == ["x-x64", "x-arm64"]
    assert names(project, "py311-linux,py313-alpine-arm64") == ["app-py311-linux-x64", "app-py313-alpine-arm64"]


def test_an_automatic_name_that_is_taken_gets_the_platform(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("")
    assert names(load_project(Path("tool")), "host") == ["tool-linux"]
    (tmp_path / "app").mkdir()
    assert names(load_project(Path("app.py")), "host") == ["app-linux"]


def test_what_is_never_overwritten(tmp_path: Path, project: Project) -> None:
    with pytest.raises(UsageError, match=r"Refusing to overwrite input file: app\.py"):
        names(project, "host", "app.py")
    (tmp_path / "link").symlink_to("app.py")
    with pytest.raises(UsageError, match="Refusing to overwrite input file"):
        names(project, "host", "link")
    (tmp_path / "folder").mkdir()
    for output in ("folder", ".", "..", "folder/.."):
        with pytest.raises(UsageError, match="Refusing to overwrite"):
            names(project, "host", output)
