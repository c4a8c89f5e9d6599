"""Keys: when a build is needed, and what it depends on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import needs
from pypkg_core.bases.record import find_built, manifest_path, sha256_path
from pypkg_core.cache import base_dir, cache_root
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.build_settings import Build
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver import build as forge
from pypkg_forge.driver.assembly.workshop import image_manifest
from pypkg_forge.driver.recipe import Choice, make_recipe, recorded_choices
from pypkg_forge.sources.pins import pins
from pypkg_forge.toolchain.wrappers import find_toolchain
from unit.forge.choices import first_choices, first_pins

TARGET = Target(version="313", platform="linuxstatic", arch="x64")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYPKG_CACHE_PATH", str(tmp_path / "cache"))
    monkeypatch.delenv("MAKE_JOB_COUNT", raising=False)
    monkeypatch.delenv("PYPKG_IGNORE_TAG", raising=False)


def test_the_number_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forge.job_count(None) >= 1
    monkeypatch.setenv("MAKE_JOB_COUNT", "3")
    assert forge.job_count(None) == 3
    assert forge.job_count(5) == 5
    for bad in ("0", "many", "-1", "1.5"):
        monkeypatch.setenv("MAKE_JOB_COUNT", bad)
        with pytest.raises(UsageError):
            forge.job_count(None)


def test_a_target_without_a_build_is_refused() -> None:
    with pytest.raises(PypkgError, match="Cannot build py313-macos-arm64: the forge does not support"):
        forge.build(Target(version="313", platform="macos", arch="arm64"))


def test_the_key_depends_on_every_choice() -> None:
    base = first_choices(TARGET)
    keys = {make_recipe(TARGET, base, zig="1").key, make_recipe(TARGET, base, zig="2").key}
    for name, choice in base.items():
        other = base | {name: Choice(name=name, version=choice.version, sha256="0" * 64)}
        keys.add(make_recipe(TARGET, other, zig="1").key)
    assert len(keys) == 2 + len(base)
    assert make_recipe(TARGET, base, zig="1").key == make_recipe(TARGET, first_choices(TARGET), zig="1").key


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Build)])
def test_the_key_depends_on_every_setting_of_the_build(name: str) -> None:
    recipe = make_recipe(TARGET, first_choices(TARGET), zig="1")
    value = getattr(recipe.build, name)
    settings: dict[str, Any] = {name: (*value, "more") if isinstance(value, tuple) else f"{value}-more"}
    changed = dataclasses.replace(recipe, build=dataclasses.replace(recipe.build, **settings))
    assert changed.key != recipe.key
    assert (changed.prefix_key == recipe.prefix_key) == (name in {"python_cflags", "base_ldflags", "libs"})
    assert (changed.configure_key == recipe.configure_key) == (name in {"base_ldflags", "libs"})


def test_the_manifest_of_the_image_says_what_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = first_pins(TARGET)
    recipe = make_recipe(TARGET, first_choices(TARGET), zig="1")
    manifest = image_manifest(recipe)
    assert manifest["format"] == 2
    assert manifest["libraries"] == {name: pin.version for name, pin in found.items() if name != "python"}
    assert manifest["licences"] == {name: pin.licence for name, pin in found.items()}
    # They change the bytes of the base, so that another licence in the pins is another base.
    key = recipe.key
    changed = tuple(dataclasses.replace(pin, licence="MIT") if pin.name == "sqlite" else pin for pin in pins())
    monkeypatch.setattr("pypkg_forge.sources.pins.pins", lambda: changed)
    assert recipe.key != key


def test_python_is_no_part_of_the_dependencies() -> None:
    base = first_choices(TARGET)
    other = base | {"python": Choice(name="python", version="3.13.5", sha256="0" * 64)}
    first, second = make_recipe(TARGET, base, zig="1"), make_recipe(TARGET, other, zig="1")
    assert first.prefix_key == second.prefix_key
    assert first.configure_key != second.configure_key
    newer = first_choices(Target(version="311", platform="linuxstatic", arch="x64"))
    assert make_recipe(Target(version="311", platform="linuxstatic", arch="x64"), newer, zig="1").prefix_key == (
        first.prefix_key
    )


def test_a_manifest_leads_back_to_its_pins() -> None:
    recorded = {name: {"version": pin.version, "sha256": pin.sha256} for name, pin in first_pins(TARGET).items()}
    assert recorded_choices(TARGET, {"sources": recorded}) == first_choices(TARGET)
    recorded["zlib"] = {"version": "0.1", "sha256": "0" * 64}
    assert recorded_choices(TARGET, {"sources": recorded}) is None
    assert recorded_choices(TARGET, {}) is None


def test_a_base_without_its_hash_is_not_found() -> None:
    base_dir().mkdir(parents=True)
    path = base_dir() / "built-3.13.5-linuxstatic-x64"
    path.write_bytes(b"base")
    assert find_built(TARGET) is None
    sha256_path(path).write_text(f"{hashlib.sha256(b'base').hexdigest()}  {path.name}\n")
    found = find_built(TARGET)
    assert found is not None
    assert (found.version, found.path) == ("3.13.5", path)


def test_the_tag_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_dir() == cache_root() / "v0.1"
    monkeypatch.setenv("PYPKG_IGNORE_TAG", "1")
    assert base_dir() == cache_root()


def test_an_unchanged_base_is_answered_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    needs.module("ziglang")
    recipe = make_recipe(TARGET, first_choices(TARGET), zig=find_toolchain().version)
    base_dir().mkdir(parents=True)
    path = base_dir() / f"built-{recipe.python.version}-linuxstatic-x64"
    path.write_bytes(b"base")
    sha256_path(path).write_text(f"{hashlib.sha256(b'base').hexdigest()}  {path.name}\n")
    recorded = {name: {"version": pin.version, "sha256": pin.sha256} for name, pin in first_pins(TARGET).items()}
    manifest_path(path).write_text(json.dumps({"key": recipe.key, "sources": recorded}))

    class ForgedError(Exception):
        pass

    def forged(*_: object, **__: object) -> None:
        raise ForgedError

    monkeypatch.setattr(forge, "_forge", forged)
    assert forge.build(TARGET, output=base_dir() / "copy").path == path
    assert (base_dir() / "copy" / path.name).read_bytes() == b"base"
    with pytest.raises(ForgedError):
        forge.build(TARGET, force=True)
    path.write_bytes(b"damaged")
    with pytest.raises(ForgedError):
        forge.build(TARGET)
    path.write_bytes(b"base")
    manifest_path(path).write_text(json.dumps({"key": "another", "sources": recorded}))
    with pytest.raises(ForgedError):
        forge.build(TARGET)
