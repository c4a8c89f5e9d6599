"""What a step of a build sees of the caller's environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import pytest

from pypkg_core.targets.catalogue import Target
from pypkg_forge.toolchain.environment import step_environment
from pypkg_forge.toolchain.run import open_log
from unit.forge.choices import first_recipe

CALLERS: Final = {
    "CC": "gcc",
    "CFLAGS": "-march=native",
    "CONFIG_SITE": "/callers/config.site",
    "CPATH": "/callers/include",
    "C_INCLUDE_PATH": "/callers/include",
    "LANG": "de_DE.UTF-8",
    "LDFLAGS": "-L/callers/lib",
    "LD_PRELOAD": "",
    "LIBRARY_PATH": "/callers/lib",
    "MAKEFLAGS": "-k",
    "PERL5LIB": "/callers/perl",
    "PKG_CONFIG_PATH": "/callers/lib/pkgconfig",
    "PYTHONHASHSEED": "7",
    "PYTHONPATH": "/callers/python",
    "TZ": "Asia/Tokyo",
    "ZIG_LIB_DIR": "/callers/zig",
}


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CALLERS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("callers")
def test_a_step_sees_nothing_of_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/callers/bin", prepend=":")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    with open_log("unit") as log:
        log.run(
            [sys.executable, "-I", "-S", "-c", script],
            what="print the environment",
            environment=step_environment(tmp_path / "tools", epoch=42),
        )
    seen = json.loads(log.path.read_text("utf-8").splitlines()[-1])
    seen.pop("LC_CTYPE", None)  # Python's own, for the locale C (PEP 538)
    assert seen.pop("PATH") == f"{tmp_path / 'tools'}:/usr/bin:/bin:/usr/sbin:/sbin"
    assert seen == {
        "CONFIG_SITE": "/dev/null",
        "LC_ALL": "C",
        "PKG_CONFIG_LIBDIR": "/nonexistent",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "SOURCE_DATE_EPOCH": "42",
        "TMPDIR": str(tmp_path),
        "TZ": "UTC",
    }


def test_keys_do_not_depend_on_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(version="313", platform="linux", arch="x64")

    def keys() -> list[str]:
        recipe = first_recipe(target)
        return [recipe.key, recipe.prefix_key, recipe.configure_key]

    before = keys()
    for name, value in CALLERS.items():
        monkeypatch.setenv(name, value)
    assert keys() == before
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "42")
    assert all(one != other for one, other in zip(keys(), before, strict=True))
