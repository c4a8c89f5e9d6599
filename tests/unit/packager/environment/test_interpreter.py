"""Which environment is used, and what it reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pypkg.environment.interpreter import find_python, inspect
from pypkg_core.errors import PypkgError
from unit.packager.world import World


def test_the_order_of_choices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_python(None, root=world.project) == Path(sys.executable)
    (world.project / ".venv").symlink_to(world.environment)
    assert find_python(None, root=world.project) == world.project / ".venv/bin/python3"
    monkeypatch.setenv("VIRTUAL_ENV", str(world.environment))
    assert find_python(None, root=world.project) == world.environment / "bin/python3"
    assert find_python(Path(sys.executable), root=world.project) == Path(sys.executable)


def test_a_missing_interpreter_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PypkgError, match=r"nowhere \(from --python\)"):
        find_python(world.directory / "nowhere", root=world.project)
    monkeypatch.setenv("VIRTUAL_ENV", str(world.project))
    with pytest.raises(PypkgError, match="VIRTUAL_ENV"):
        find_python(None, root=world.project)


def test_inspection_leaves_the_standard_library_out(world: World) -> None:
    extra = world.directory / "extra"
    extra.mkdir()
    world.write({"extra.pth": f"{extra}\n"}, world.site)
    environment = inspect(world.environment / "bin/python3")
    assert environment.version == sys.version_info[:3]
    assert environment.paths == (world.site, extra)


def test_editable_finders_are_read_not_run(world: World) -> None:
    finder = "MAPPING: dict[str, str] = {'pkg': '/somewhere/pkg'}\nraise SystemExit\n"
    world.write({"__editable___pkg_1_finder.py": finder}, world.site)
    assert inspect(world.environment / "bin/python3").editable == {"pkg": Path("/somewhere/pkg")}


def test_a_broken_interpreter_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho oops >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(PypkgError, match="exited with 3") as caught:
        inspect(broken)
    assert caught.value.context["message"] == "oops"
