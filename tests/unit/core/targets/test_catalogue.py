"""The table of targets, and the parser of targets."""

import shutil
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.catalogue import DATA, Catalogue, Target, catalogue, latest_version, load_catalogue
from pypkg_core.targets.parse import parse_target, parse_targets

HOST = Target(version="311", platform="linux", arch="x64")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("py313-linuxstatic-x64", "py313-linuxstatic-x64"),
        ("x64-py313-linuxstatic", "py313-linuxstatic-x64"),
        ("host", "py311-linux-x64"),
        ("py313", "py313-linux-x64"),
        ("py3.13", "py313-linux-x64"),
        ("host-arm64", "py311-linux-arm64"),
        ("darwin-aarch64", "py311-macos-arm64"),
        ("mac-amd64", "py311-macos-x64"),
        ("osx-x86_64", "py311-macos-x64"),
        ("windows", "py311-win-x64"),
        ("win32-arm64", "py311-win-arm64"),
        ("LIN-PY312", "py312-linux-x64"),
        ("alpine-armv7", "py311-alpine-armv7"),
        (" py314 ", "py314-linux-x64"),
    ],
)
def test_tokens_in_any_order_and_aliases(text: str, name: str) -> None:
    assert parse_target(text, host=HOST).name == name


def test_latest_is_the_newest_verified_series() -> None:
    versions = catalogue().versions
    assert parse_target("latest", host=HOST).version == latest_version() == "314"
    assert all(versions[name].verified for name in ("311", "313", "314"))
    assert not versions["312"].verified
    assert not versions["315"].verified


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("py313-foo", "Unknown token 'foo' in 'py313-foo'"),
        ("py313--x64", "Unknown token ''"),
        ("py27", "Unknown Python version 'py27'; available: py311, "),
        ("linux-win", "gives its platform twice: linux and win"),
        ("py311-py313", "gives its version twice"),
        ("win-armv7", "win is not available for armv7"),
        ("python313", "Unknown token 'python313'"),
        ("py313t-linux-x64", "Free-threaded builds are not offered yet: 'py313t' in 'py313t-linux-x64'"),
        ("PY3.14t", "Free-threaded builds are not offered yet: 'PY3.14t' in 'PY3.14t'\nHint: py314 is"),
        ("py27t", "Unknown Python version 'py27'"),
        ("pyt", "Unknown token 'pyt'"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text, host=HOST)
    assert words in str(caught.value)


def test_lists_keep_their_order_and_lose_duplicates() -> None:
    found = parse_targets("py313-win, py311 ,py313-win", host=HOST)
    assert [target.name for target in found] == ["py313-win-x64", "py311-linux-x64"]
    with pytest.raises(UsageError, match="No target"):
        parse_targets(" , ")


def test_every_target_of_the_design_is_there() -> None:
    names = {target.name for target in catalogue().targets()}
    assert len(names) == 5 * 18
    for platform in ("linux", "alpine", "linuxstatic"):
        for arch in ("x64", "arm64", "armv7", "armv6"):
            assert f"py314-{platform}-{arch}" in names
    for platform in ("win", "macos", "freebsd"):
        assert f"py311-{platform}-arm64" in names


def load_changed(folder: Path, name: str, old: str, new: str) -> Catalogue:
    """Load the table with a change in one of its files."""
    for file in DATA.glob("*.toml"):
        shutil.copy(file, folder)
    text = (DATA / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_catalogue(folder)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "311"', 'name = "311"\nnick = "old"', "versions[0].nick: unknown key"),
        ('series = "3.11"\n', "", "versions[0].series: is missing"),
        ('series = "3.11"', "series = 311", "versions[0].series: expected a string, got 311"),
        ('pins = ["3.11.16", "3.11.2"]', "pins = [3]", "versions[0].pins[0]: expected a string, got 3"),
        ('pins = ["3.11.16", "3.11.2"]', "pins = []", "versions[0].pins: is empty"),
        ('aliases = ["aarch64"]', 'aliases = ["darwin"]', "arches[1]: 'darwin' is defined twice"),
        ('multiarch = "x86_64-linux-gnu"\n', "", "machines[0].multiarch: is missing"),
        ('platform_machine = "x86_64"\n', "", "machines[0].platform_machine: is missing"),
        ('arch = "arm64"', 'arch = "x64"', "machines[1]: linux-x64 is defined twice"),
        ('platform = "linux"', 'platform = "lunix"', "machines[0].platform: unknown platform 'lunix'"),
        ('openssl = "linux-x86_64"', "openssl = 1", "machines[0].build.openssl: expected a string, got 1"),
        ("[[versions]]", "[[version]]", "version: unknown key"),
    ],
)
def test_a_bad_table_names_the_key(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(PypkgError) as caught:
        load_changed(tmp_path, "targets.toml", old, new)
    assert f"Cannot read targets.toml: {problem}" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('libc = "glibc"', 'libc = "glibc"\nspeed = 3', "platforms[0].speed: unknown key"),
        ('\nsystem = "Linux"', "\nsystem = 1", "platforms[0].build.system: expected a string, got 1"),
        ('sys_platform = "linux"\n', "", "platforms[0].sys_platform: is missing"),
        (
            "largest_executable = 0x7fff_ffff",
            "largest_executable = true",
            "platforms[3].largest_executable: expected an",
        ),
        ('os = ["posix", "linux"]', 'os = "linux"', "platforms[0].os: expected a list, got 'linux'"),
        ('os = ["posix", "linux"]', "os = []", "platforms[0].os: is empty"),
        ('aliases = ["lin"]', 'aliases = ["macos"]', "platforms[4]: 'macos' is defined twice"),
        (
            'packed_relocations = "1.2.4"',
            'packed_relocations = "x"',
            "platforms[1].packed_relocations: expected a version such as 2.17, got 'x'",
        ),
        ('minimum = "2.17"', 'minimum = "new"', "platforms[0].minimum: expected a version such as 2.17, got 'new'"),
        (
            '"2.{5..44}"',
            '"2.{5-44}"',
            "platforms[0].wheel_versions[0]: expected a version such as 2.17, got '2.{5-44}'",
        ),
        ('"win_{machine}"', '"win_{arch}"', "platforms[3].wheel_tags[0]: expected text with {version}, {machine} only"),
        (
            '".cp{version}-win_{machine}.pyd"',
            '".cp{0}.pyd"',
            "platforms[3].extension_suffixes[0]: expected text with {version}, {multiarch}, {machine} only",
        ),
        ('"checked functions",', '"shadow stack",', "platforms[0].unprotected: 'shadow stack' is in protections"),
        ('[[platforms]]\nname = "win"', '[[platform]]\nname = "win"', "platform: unknown key"),
    ],
)
def test_a_bad_platform_names_the_key(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(PypkgError) as caught:
        load_changed(tmp_path, "platforms.toml", old, new)
    assert f"Cannot read platforms.toml: {problem}" in str(caught.value)
