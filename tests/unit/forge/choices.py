"""The archives that a base is made from, as a build chooses them when it finds all of them."""

from __future__ import annotations

from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver.recipe import Choice, Recipe, make_recipe, sources
from pypkg_forge.sources.pins import Pin


def first_pins(target: Target) -> dict[str, Pin]:
    return {name: pins[0] for name, pins in sources(target).items()}


def first_choices(target: Target) -> dict[str, Choice]:
    return {name: Choice(name=name, version=pin.version, sha256=pin.sha256) for name, pin in first_pins(target).items()}


def first_recipe(target: Target) -> Recipe:
    return make_recipe(target, first_choices(target), zig="1")
