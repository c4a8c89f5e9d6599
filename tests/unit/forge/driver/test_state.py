"""What `pypkg-forge list` says of a target."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pypkg_core.bases.record import manifest_path, sha256_path, write_sha256
from pypkg_core.cache import base_dir, base_name
from pypkg_core.targets.catalogue import Target
from pypkg_forge.driver import state
from pypkg_forge.driver.state import target_state

TARGET = Target(version="313", platform="linuxstatic", arch="arm64")


def cached(origin: str, release: str, size: int, manifest: object = None) -> Path:
    """Put a base into the cache that nothing could read: its hash is another."""
    path = base_dir() / base_name(origin, release, TARGET.platform, TARGET.arch)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, size)
    write_sha256(path, "0" * 64)
    if manifest is not None:
        manifest_path(path).write_text(json.dumps(manifest))
    return path


def test_an_empty_cache() -> None:
    assert str(target_state(TARGET)) == "can be built"
    other = Target(version="313", platform="win", arch="x64")
    assert str(target_state(other)) == "no: the forge does not support win-x64 yet"


def test_a_base_that_was_forged_here() -> None:
    cached("built", "3.13.5", 21_400_000, {"verified": "run by qemu-aarch64-static"})
    assert (
        str(target_state(TARGET)) == "in the cache: 3.13.5 (21.4 MB), built here, verified: run by qemu-aarch64-static"
    )


@pytest.mark.parametrize("manifest", [None, {}, {"verified": 1}, ["list"]])
def test_a_base_whose_manifest_does_not_say_how_it_was_verified(manifest: object) -> None:
    cached("built", "3.13.5", 1, manifest)
    assert str(target_state(TARGET)).endswith("built here, verified: not recorded")


def test_an_interrupted_build_is_not_there() -> None:
    sha256_path(cached("built", "3.13.5", 1)).unlink()
    assert target_state(TARGET).cached == ()


def test_a_base_of_each_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what is in the cache, also of a target that cannot be forged here."""
    cached("fetched", "3.13.5", 1_000_000)
    monkeypatch.setattr(state, "why_not", lambda _: "no reason")
    assert str(target_state(TARGET)) == ("in the cache: 3.13.5 (1.0 MB), fetched, verified: by its published hash")
    cached("built", "3.13.15", 2_000_000, {"verified": "structure only: no emulator"})
    assert str(target_state(TARGET)) == (
        "in the cache: 3.13.15 (2.0 MB), built here, verified: structure only: no emulator; "
        "3.13.5 (1.0 MB), fetched, verified: by its published hash"
    )
