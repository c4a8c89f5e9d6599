"""Environments that are made for requirements, from wheels in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

import needs
from pypkg.environment.console_scripts import ConsoleScript, find_console_script
from pypkg.environment.interpreter import find_python, inspect
from pypkg.environment.locks.find import find_lock
from pypkg.environment.locks.lock import Lock
from pypkg.environment.made import make_environment, read_environment
from pypkg.project.project import EntryPoint, project_from_index
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.hashing import file_sha256
from pypkg_core.progress import QUIET
from unit.wheel_index import wheel_bytes

SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    entry_points: str = "",
) -> Path:
    """Write a pure wheel."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    contents = files or {}
    path.write_bytes(
        wheel_bytes(
            name, version, "py3-none-any", contents, requires=requires, extras=extras, entry_points=entry_points
        )
    )
    return path


def no_python() -> Iterator[Path]:
    raise AssertionError("no interpreter is needed")
    yield Path()


class Maker:
    """Makes environments of the wheels in a folder."""

    def __init__(self, directory: Path) -> None:
        self.cache = directory / "cache"
        self.wheels = directory / "wheels"
        self.options = ["--no-index", "--find-links", str(self.wheels)]

    def make(
        self, *requirements: str, lock: Lock | None = None, series: str = SERIES, pythons: Iterator[Path] | None = None
    ) -> Path:
        return make_environment(
            requirements,
            series=series,
            pythons=iter([Path(sys.executable)]) if pythons is None else pythons,
            index_options=self.options,
            lock=lock,
            cache=self.cache,
            progress=QUIET,
        )

    def lock(self, *wheels: Path) -> Lock:
        """Return a lock of wheels that has their hashes."""
        file = self.cache.parent / "requirements.txt"
        lines = [f"{'=='.join(wheel.name.split('-')[:2])} --hash=sha256:{file_sha256(wheel)}\n" for wheel in wheels]
        file.write_text("".join(lines))
        found = find_lock(file.parent, file)
        assert found is not None
        return found

    @property
    def left(self) -> list[str]:
        """What is in the cache, without locks of runs."""
        return [path.name for path in self.cache.iterdir() if path.suffix != ".lock"] if self.cache.is_dir() else []


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see no configuration of this machine."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pypkg.environment.installing.find_uv", lambda: None)


@pytest.fixture(params=["pip", "uv"])
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Maker:
    """A maker that uses pip, and one that uses uv."""
    if request.param == "pip":
        without_uv(monkeypatch)
    else:
        needs.module("uv", "test")
    monkeypatch.setenv("UV_NO_CACHE", "1")  # it would keep the wheel that had the right hash
    return Maker(tmp_path)


@pytest.fixture
def pip_maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """A maker that uses pip."""
    without_uv(monkeypatch)
    return Maker(tmp_path)


def test_made_once_and_then_reused_without_a_process(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(
        maker.wheels,
        "tool",
        "1.0",
        files={"tool.py": "X = 1\n"},
        requires=["dep; extra == 'more'"],
        extras=["more"],
    )
    make_wheel(maker.wheels, "dep", "2.0", files={"dep.py": ""})
    made = maker.make("Tool[more]")
    environment = read_environment(made)
    assert {path.name for path in environment.paths[0].iterdir()} >= {"tool.py", "dep.py"}
    assert environment.version == sys.version_info[:3]
    asked = inspect(find_python(made, root=made))
    assert (asked.version, asked.paths) == (environment.version, environment.paths)
    assert not (environment.paths[0] / "pip").exists()

    def no_process(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", no_process)
    assert maker.make("tool[MORE]", pythons=no_python()) == made


def test_what_it_depends_on_is_in_its_name(pip_maker: Maker) -> None:
    first = make_wheel(pip_maker.wheels, "tool", "1.0")
    made = {pip_maker.make("tool"), pip_maker.make("tool>=1"), pip_maker.make("tool", lock=pip_maker.lock(first))}
    pip_maker.options += ["--trusted-host", "example.org"]
    made.add(pip_maker.make("tool"))
    assert len(made) == 4
    assert sorted(path.name for path in made) == sorted(pip_maker.left)


def test_an_incomplete_one_is_made_again(pip_maker: Maker) -> None:
    make_wheel(pip_maker.wheels, "tool", "1.0", files={"tool.py": ""})
    made = pip_maker.make("tool")
    (made / "complete.json").unlink()
    (made / "stale").write_text("")
    assert pip_maker.make("tool") == made
    assert not (made / "stale").exists()
    assert read_environment(made).paths[0].is_dir()


def test_a_lock_decides_versions_and_hashes(maker: Maker) -> None:
    old = make_wheel(maker.wheels, "tool", "1.0", requires=["dep"])
    make_wheel(maker.wheels, "tool", "2.0")
    dep = make_wheel(maker.wheels, "dep", "3.0")
    make_wheel(maker.wheels, "dep", "4.0")
    lock = maker.lock(old, dep)
    site = read_environment(maker.make("tool", lock=lock)).paths[0]
    assert {path.name for path in site.glob("*.dist-info")} == {"tool-1.0.dist-info", "dep-3.0.dist-info"}
    make_wheel(maker.wheels, "dep", "3.0", files={"dep.py": "evil = 1\n"})
    maker.options += ["--trusted-host", "example.org"]  # so that the environment is another one
    with pytest.raises(PypkgError, match=f"Cannot install tool for Python {SERIES}") as caught:
        maker.make("tool", lock=lock)
    assert "ash" in str(caught.value)  # pip: THESE PACKAGES DO NOT MATCH THE HASHES; uv: Hash mismatch
    assert len(maker.left) == 1


def test_a_lock_without_hashes_decides_versions(maker: Maker) -> None:
    for version in ("1.0", "2.0"):
        make_wheel(maker.wheels, "tool", version, requires=["dep"])
        make_wheel(maker.wheels, "dep", version)
    file = maker.wheels / "pins.txt"
    file.write_text("tool==1.0\n")
    site = read_environment(maker.make("tool", lock=find_lock(maker.wheels, file))).paths[0]
    assert {path.name for path in site.glob("*.dist-info")} == {"tool-1.0.dist-info", "dep-2.0.dist-info"}


def test_failures_leave_nothing(maker: Maker) -> None:
    maker.wheels.mkdir()
    with pytest.raises(PypkgError, match=rf"Cannot install missing==1 for Python {SERIES}") as caught:
        maker.make("missing==1")
    assert "missing" in str(next(iter(caught.value.context.values())))
    assert caught.value.hint
    assert maker.left == []
    with pytest.raises(UsageError, match=r"expected a requirement such as .*, got '-e x'"):
        maker.make("-e x")


def test_no_interpreter_of_the_series(pip_maker: Maker) -> None:
    with pytest.raises(PypkgError, match=r"There is no Python 3\.99") as caught:
        pip_maker.make("tool", series="3.99", pythons=iter([Path(sys.executable), Path("/nowhere/python")]))
    assert "uv" in str(caught.value.hint)
    assert pip_maker.left == []


def test_a_pip_of_the_project_is_not_run(pip_maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    make_wheel(pip_maker.wheels, "tool", "1.0")
    pip_maker.make("tool")
    assert not (tmp_path / "was-run").exists()


def test_an_index_that_only_pip_knows_is_not_left_for_that_of_uv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").write_text(f"#!/bin/sh\ntouch {tmp_path}/uv-was-run\nexit 1\n")
    (programs / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://index.example/simple\n")
    maker = Maker(tmp_path)
    make_wheel(maker.wheels, "tool", "1.0")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    maker.make("tool")
    assert not (tmp_path / "uv-was-run").exists()


def test_the_commands_of_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").write_text(
        f'#!/bin/sh\necho "$PWD: $@" >>{log}\n[ "$1" = venv ] || exit 0\n'
        f'for last; do :; done\n{sys.executable} -I -m venv --without-pip "$last"\n'
    )
    (programs / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    maker = Maker(tmp_path)
    made = maker.make("tool", pythons=iter(()))  # uv knows interpreters of its own
    venv, install = log.read_text().splitlines()
    assert venv.endswith(f"/empty: venv --quiet --no-project --python {SERIES} {made}")
    folder = install.partition(": ")[0].removesuffix("/empty")
    assert install.endswith(
        f"/empty: pip install --quiet --python {made}/bin/python3 --no-index --find-links {maker.wheels} "
        f"-r {folder}/requirements.txt"
    )
    assert not Path(folder).exists()


def test_console_scripts(pip_maker: Maker) -> None:
    several = "[console_scripts]\nmany-a = many:a\nmany-b = many.sub:B.run [extra]\n"
    make_wheel(pip_maker.wheels, "many", "1.0", entry_points=several)
    make_wheel(pip_maker.wheels, "named", "1.0", entry_points="[console_scripts]\nother=named:x\nNamed = named:main\n")
    make_wheel(pip_maker.wheels, "one", "1.0", entry_points="[gui_scripts]\nwindow = one:main\n")
    make_wheel(pip_maker.wheels, "none", "1.0")
    directory = pip_maker.make("many", "named", "one", "none")
    environment = read_environment(directory)
    assert find_console_script(environment, "Many", "many-b") == ConsoleScript(
        name="many-b", module="many.sub", attribute="B.run"
    )
    assert find_console_script(environment, "named").name == "Named"
    assert find_console_script(environment, "one").name == "window"
    with pytest.raises(UsageError, match="several console scripts: many-a, many-b"):
        find_console_script(environment, "many")
    with pytest.raises(UsageError, match="no console script 'c'") as caught:
        find_console_script(environment, "many", "c")
    assert caught.value.hint == "Its console scripts: many-a, many-b"
    with pytest.raises(UsageError, match="none has no console script"):
        find_console_script(environment, "none")
    with pytest.raises(PypkgError, match="absent is not installed"):
        find_console_script(environment, "absent")
    entry = EntryPoint(module="many", attribute="a")
    project = project_from_index("many==1.0", "many-a", entry, directory)
    assert (project.main_path, project.import_roots, project.environment) == ("many-a/__main__.py", (), directory)
    assert project.root.is_dir()
