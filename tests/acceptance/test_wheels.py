"""Wheels for a target that differs from the environment, from an index on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.program import Program
from fixture_types import BaseOf, Pypkg, Result
from pypkg_core.cache import CACHE_TAG
from pypkg_core.targets.parse import parse_target
from targets import DYNAMIC, STATIC
from unit.http_server import HttpServer, serving
from unit.wheel_index import WheelIndex

pytestmark = pytest.mark.base

ELSEWHERE = "cp310-cp310-win_amd64"  # no target here can use what has this tag
TARGET = parse_target(DYNAMIC)
HERE = f"cp{TARGET.version}-cp{TARGET.version}-{TARGET.wheel_tags[0].name}"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


class Installed:
    """An environment with one distribution, and a script that prints a word of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = folder / "env"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.environment], check=True)
        self.site = next(self.environment.glob("lib/python*/site-packages"))
        self.script = folder / "says.py"
        self.script.write_text("import dep\nprint(dep.WORD)\n")
        # What must not be run by pip, which is started for the project.
        (folder / "pip.py").write_text("raise SystemExit('the project was run')\n")
        (self.site / "dep.py").write_text("WORD = 'installed'\n")
        self.info = self.site / "dep-1.0.dist-info"
        self.info.mkdir()
        (self.info / "METADATA").write_text("Metadata-Version: 2.1\nName: dep\nVersion: 1.0\n")
        (self.info / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {ELSEWHERE}\n")
        (self.info / "RECORD").write_text("dep.py,,\ndep-1.0.dist-info/METADATA,,\n")


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


def packaged(pypkg: Pypkg, base_of: BaseOf, installed: Installed, server: HttpServer, target: str = DYNAMIC) -> Result:
    base = base_of(target)
    # An empty cache but for the base.
    cache = installed.folder / "cache"
    (cache / CACHE_TAG).mkdir(parents=True, exist_ok=True)
    for file in base.parent.glob(f"{base.name}*"):
        if not (cache / CACHE_TAG / file.name).exists():
            shutil.copy2(file, cache / CACHE_TAG / file.name)
    environment = {"PYPKG_CACHE_PATH": str(cache), "PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": ""}
    arguments = ["--python", installed.environment, "-i", f"{server.url}/simple/", "-o", "says", "says.py"]
    return pypkg("-t", target, *arguments, env=environment, cwd=installed.folder)


def test_a_wheel_is_used_and_kept(pypkg: Pypkg, base_of: BaseOf, installed: Installed, server: HttpServer) -> None:
    index = WheelIndex()
    index.add("dep", "1.0", HERE, {"dep.py": "WORD = 'from the wheel'\n"})
    index.add("dep", "1.1", HERE, {"dep.py": "WORD = 'another version'\n"})
    index.serve(server)
    result = packaged(pypkg, base_of, installed, server)
    assert result.returncode == 0, result
    assert f"dep: using its wheel for {DYNAMIC}" in result.stderr
    program = Program(path=installed.folder / "says", home=installed.folder)
    assert program.output() == "from the wheel\n"
    first = program.path.read_bytes()
    program.path.unlink()
    server.files = {}
    server.asked.clear()
    assert packaged(pypkg, base_of, installed, server).returncode == 0
    assert not server.asked
    assert program.path.read_bytes() == first


def test_a_file_with_another_hash_is_refused(
    pypkg: Pypkg, base_of: BaseOf, installed: Installed, server: HttpServer
) -> None:
    index = WheelIndex()
    index.wrong.add(index.add("dep", "1.0", HERE, {"dep.py": "WORD = 'not what was promised'\n"}))
    index.serve(server)
    result = packaged(pypkg, base_of, installed, server)
    assert result.returncode == 1
    assert "Cannot use dep==1.0" in result.stderr and "Traceback" not in result.stderr
    assert not (installed.folder / "says").exists()
    index.wrong.clear()
    index.serve(server)
    assert packaged(pypkg, base_of, installed, server).returncode == 0


def test_a_private_distribution_is_not_replaced(
    pypkg: Pypkg, base_of: BaseOf, installed: Installed, server: HttpServer
) -> None:
    index = WheelIndex()
    index.add("dep", "1.0", HERE, {"dep.py": "WORD = 'of a stranger'\n"})
    index.serve(server)
    (installed.info / "direct_url.json").write_text('{"url": "file:///home/somebody/dep"}')
    result = packaged(pypkg, base_of, installed, server)
    # It needs nothing native, so the installed one is as good.
    assert result.returncode == 0, result
    assert not server.asked
    assert Program(path=installed.folder / "says", home=installed.folder).output() == "installed\n"


def test_what_only_the_target_requires_comes_for_a_static_target_too(
    pypkg: Pypkg, base_of: BaseOf, installed: Installed, server: HttpServer
) -> None:
    index = WheelIndex()
    index.add("extra-words", "2", "py3-none-any", {"extra_words.py": "WORD = 'added'\n"})
    index.serve(server)
    series = parse_target(STATIC).series
    metadata = installed.info / "METADATA"
    metadata.write_text(f"{metadata.read_text()}Requires-Dist: extra-words; python_version == '{series}'\n")
    source = "try:\n    from extra_words import WORD\nexcept ImportError:\n    WORD = 'without'\n"
    (installed.site / "dep.py").write_text(source)
    result = packaged(pypkg, base_of, installed, server, STATIC)
    assert result.returncode == 0, result
    assert f"extra-words: added for {STATIC}" in result.stderr
    assert Program(path=installed.folder / "says", home=installed.folder).output() == "added\n"
