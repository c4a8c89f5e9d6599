"""Which targets the forge can build."""

from __future__ import annotations

import pytest

from pypkg_core.targets.parse import parse_target
from pypkg_forge.driver import recipe as recipes
from pypkg_forge.driver.recipe import Recipe, why_not
from unit.forge.choices import first_recipe


@pytest.mark.parametrize("text", ["py313-linuxstatic-x64", "py311-linux-x64"])
def test_what_can_be_forged_has_no_reason_against_it(text: str) -> None:
    assert why_not(parse_target(text)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("py313-macos-arm64", "not support macos-arm64"),
        ("py312-linux-x64", "no patches for Python 3.12"),
    ],
)
def test_what_cannot_be_forged_yet_says_why(text: str, reason: str) -> None:
    assert reason in str(why_not(parse_target(text)))


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
