"""Which extension modules of the standard library a base must have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.extension_modules import extension_modules, load_extension_modules


def modules(version: str, platform: str) -> set[str]:
    return set(extension_modules(Target(version=version, platform=platform, arch="x64")))


def test_they_depend_on_platform_and_version() -> None:
    assert modules("313", "linux") == modules("313", "linuxstatic")
    assert modules("313", "macos") - modules("313", "linux") == {"_scproxy"}
    assert modules("313", "win") - modules("313", "linux") == {"msvcrt", "winreg", "winsound", "_overlapped", "_winapi"}
    assert "fcntl" in modules("313", "freebsd") - modules("313", "win")
    assert {"audioop", "_sha256"} <= modules("311", "linux")
    assert modules("312", "linux") & {"audioop", "_sha256", "_sha2", "_interpreters"} == {"audioop", "_sha2"}
    assert modules("314", "linux") - modules("313", "linux") == {"_hmac", "_zstd"}


def test_all_are_modules_of_the_standard_library() -> None:
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    # The list of the interpreter leaves out modules for tests and experiments, _xx...
    unknown = modules(version, "linux") - set(sys.stdlib_module_names)
    assert {name for name in unknown if not name.startswith("_xx")} == {"_pypkg"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('names = "zlib"', "extension_modules[0].names: expected a list"),
        ('names = []\nsince = "py3"', "extension_modules[0].since: expected a series such as 3.13, got 'py3'"),
        ('names = []\nuntil = "3.13"', "extension_modules[0].until: unknown key"),
        ("", "extension_modules[0].names: is missing"),
    ],
)
def test_a_bad_table_names_the_key(tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "modules.toml").write_text(f"[[extension_modules]]\n{row}\n", encoding="utf-8")
    with pytest.raises(PypkgError) as caught:
        load_extension_modules(tmp_path / "modules.toml")
    assert f"Cannot read modules.toml: {problem}" in str(caught.value)
