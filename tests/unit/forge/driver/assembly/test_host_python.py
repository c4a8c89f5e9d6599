"""The host Python is built once for all targets of a release, and again when its key changes."""

from __future__ import annotations

from pathlib import Path

import pytest

import needs
from pypkg_core.errors import PypkgError
from pypkg_core.progress import QUIET
from pypkg_forge.driver.assembly.host_python import host_python_folder, make_host_python
from pypkg_forge.toolchain.environment import step_environment
from pypkg_forge.toolchain.run import open_log

# As CPython's: makes Setup.stdlib, and a Makefile whose `python` shows what it was made from.
CONFIGURE = """#!/bin/sh
mkdir Modules
printf '%s\\n' '# modules' '*shared*' '_struct _struct.c' '#_uuid _uuidmodule.c' '_csv _csv.c' 'math mathmodule.c' \
    > Modules/Setup.stdlib
printf 'python:\\n\\tcp Modules/Setup.local $@\\npybuilddir.txt:\\n\\techo "$$TZ" > $@\\n' > Makefile
echo configured >> "$0.count"
"""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources of a CPython."""
    needs.tools("make")
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    configure = tmp_path / "tree" / "configure"
    configure.parent.mkdir()
    configure.write_text(CONFIGURE)
    configure.chmod(0o755)
    return configure.parent


def make(tree: Path, key: str) -> Path:
    with open_log("unit") as log:
        environment = step_environment(tree, epoch=1)
        return make_host_python("3.13.5", key=key, tree=tree, environment=environment, jobs=2, log=log, reporter=QUIET)


def times_configured(tree: Path) -> int:
    return len((tree / "configure.count").read_text().splitlines())


def test_it_has_the_modules_that_building_needs(tree: Path) -> None:
    python = make(tree, "a")
    assert python == host_python_folder("3.13.5") / "python"
    assert python.read_text().splitlines() == ["*static*", "_struct _struct.c", "math mathmodule.c"]
    assert (python.parent / "pybuilddir.txt").read_text() == "UTC\n"


def test_it_is_built_once_for_each_key(tree: Path) -> None:
    make(tree, "a")
    make(tree, "a")
    assert times_configured(tree) == 1
    make(tree, "b")
    assert times_configured(tree) == 2
    make(tree.rename(tree.with_name("moved")), "b")
    tree = tree.with_name("moved")
    assert times_configured(tree) == 3
    (host_python_folder("3.13.5") / "python").unlink()
    make(tree, "b")
    assert times_configured(tree) == 4


def test_an_interrupted_build_begins_again(tree: Path) -> None:
    makefile = (tree / "configure").read_text()
    (tree / "configure").write_text(makefile.replace('echo "$$TZ"', "exit 1; echo"))
    with pytest.raises(PypkgError, match="Cannot compile the host Python: make ended with exit code 2"):
        make(tree, "a")
    (tree / "configure").write_text(makefile)
    make(tree, "a")
    assert times_configured(tree) == 2
