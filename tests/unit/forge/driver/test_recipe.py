"""Which targets the forge can build."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg_core.targets.catalogue import Version, catalogue
from pypkg_core.targets.parse import parse_target
from pypkg_forge.data import data_dir
from pypkg_forge.driver import recipe as recipes
from pypkg_forge.driver.recipe import Recipe, why_not
from unit.forge.choices import first_recipe


@pytest.mark.parametrize("text", ["py313-linuxstatic-x64", "py312-linux-x64", "py311-linux-x64"])
def test_what_can_be_forged_has_no_reason_against_it(text: str) -> None:
    assert why_not(parse_target(text)) is None


def test_what_cannot_be_forged_yet_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not support macos-arm64" in str(why_not(parse_target("py313-macos-arm64")))
    monkeypatch.setattr(recipes, "data_dir", lambda _: tmp_path)
    (tmp_path / "3.13").mkdir()
    assert why_not(parse_target("py313-linux-x64")) is None
    assert "Python 3.12 is not yet available: there are no patches for it (patches/3.12)" in str(
        why_not(parse_target("py312-linux-x64"))
    )


@pytest.mark.parametrize("version", catalogue().versions.values(), ids=lambda version: version.name)
def test_a_series_is_available_with_its_patches(version: Version) -> None:
    assert version.available == (data_dir("patches") / version.series).is_dir()


def recipe() -> Recipe:
    return first_recipe(parse_target("py313-linux-x64"))


def test_keys_contain_what_zig_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe()
    assert "-Xclang=-pic-is-pie" in before.build.cflags
    monkeypatch.setattr(recipes, "zig_flags", lambda flags: (*flags, "-fother"))
    after = recipe()
    assert before.prefix_key != after.prefix_key
    for choice in before.dependencies:
        assert before.dependency_key(choice) != after.dependency_key(choice)
    assert before.configure_key != after.configure_key
    assert before.key != after.key
