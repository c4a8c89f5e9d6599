"""The table of pins: errors name the key path."""

from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import catalogue
from pypkg_forge.sources.pins import candidates, load_pins, pins

ROW = """
[[sources]]
name = "{name}"
version = "1"
file = "{name}-1.tar.gz"
sha256 = "{digit}{zeros}"
urls = ["https://example.invalid/{name}-1.tar.gz"]
licence = "MIT"
"""


def row(name: str, digit: str) -> str:
    return ROW.format(name=name, digit=digit, zeros="0" * 63)


def load(tmp_path: Path, text: str) -> str:
    file = tmp_path / "sources.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PypkgError) as caught:
        load_pins(file)
    return str(caught.value)


def test_a_sound_table_loads(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(row("a", "1") + row("b", "2"), encoding="utf-8")
    found = load_pins(file)
    assert [pin.name for pin in found] == ["a", "b"]
    assert found[0].forms[0].size is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('licence = "MIT"\n', "", "sources[1].licence: is missing"),
        (f'sha256 = "2{"0" * 63}"\n', "", "sources[1].sha256: is missing"),
        (f'"2{"0" * 63}"', '"2000"', "sources[1].sha256: expected 64 lower-case hexadecimal digits, got '2000'"),
        (f'"2{"0" * 63}"', f'"1{"0" * 63}"', "sources[1].sha256: 1000"),
        ('licence = "MIT"', 'license = "MIT"', "sources[1].license: unknown key"),
        ('licence = "MIT"', 'licence = "MIT"\nsize = "9"', "sources[1].size: expected an integer, got '9'"),
        ('licence = "MIT"', 'licence = "MIT"\nsize = true', "sources[1].size: expected an integer, got True"),
        ('urls = ["https://example.invalid/b-1.tar.gz"]', "urls = []", "sources[1].urls: is empty"),
        ('licence = "MIT"', f'licence = "MIT"\ndebian_sha256 = "{"3" * 64}"', "sources[1].debian: is missing"),
    ],
)
def test_a_bad_row_names_the_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    second = row("b", "2")
    assert old in second
    assert f"Cannot read sources.toml: {words}" in load(tmp_path, row("a", "1") + second.replace(old, new))


def test_a_release_twice_is_refused(tmp_path: Path) -> None:
    assert "sources[1]: a 1 is defined twice" in load(tmp_path, row("a", "1") + row("a", "2"))


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert "Cannot read" in load(tmp_path, "[[sources")
    assert "sources: expected an array of tables" in load(tmp_path, "sources = 3")


def test_our_own_table_is_whole() -> None:
    for version in catalogue().versions.values():
        assert [pin.version for pin in candidates("python", version.name)] == list(version.pins)
    builds = [row.build for row in catalogue().platforms.values() if row.build is not None]
    assert {pin.name for pin in pins()} == {"python", *(name for build in builds for name in build.dependencies)}


def test_a_repacked_file_says_which_state_it_is() -> None:
    (libedit,) = candidates("libedit")
    assert libedit.release(libedit.sha256) == libedit.version
    assert libedit.debian_sha256 is not None
    assert libedit.release(libedit.debian_sha256) == "20250104-3.1"
