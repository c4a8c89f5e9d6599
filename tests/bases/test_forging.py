"""How a base was forged: cross-compiled, and with objects of its own only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import needs
from emulation import command, target_of
from pypkg_core.binaries import read_image
from pypkg_core.cache import forge_dir

pytestmark = pytest.mark.base


def test_only_objects_of_the_base_are_compiled(base: Path) -> None:
    """CPython's helpers are programs of the host Python: a flag for the base does not change or slow them."""
    target = target_of(base)
    release = read_image(base).manifest["python"]
    folder = forge_dir() / f"{target.platform}-{target.arch}" / f"python-{release}" / "cpython"
    if not folder.is_dir():
        needs.unmet(
            "the folder that this base was forged in has been deleted", "Forge it: pypkg-forge build --force TARGET"
        )
    objects = {path.relative_to(folder).as_posix() for path in folder.rglob("*.o")}
    assert {"Objects/dictobject.o", "Python/ceval.o", "pypkg/python/main/main.o"} <= objects
    assert not {name for name in objects if name.startswith("Programs/")}
    assert not {name for name in ("python", "_bootstrap_python", "Programs/_freeze_module") if (folder / name).exists()}


def test_it_does_not_tell_who_built_it(base: Path) -> None:
    code = (
        "import json, sysconfig; names = ('HOST_GNU_TYPE', 'BUILD_GNU_TYPE', 'PYTHON_FOR_REGEN', 'PYTHON_FOR_FREEZE');"
        "print(json.dumps(sysconfig.get_config_vars(*names)))"
    )
    done = subprocess.run(command(base, "-I", "-c", code), capture_output=True, text=True, check=True)
    build = target_of(base).build
    assert build is not None
    builder = f"x86_64-pypkg-{build.gnu_triple.split('-', 2)[2]}"
    assert json.loads(done.stdout) == [build.gnu_triple, builder, "", "pypkg-python"]
