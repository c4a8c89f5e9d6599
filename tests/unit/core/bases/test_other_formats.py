"""Bases whose image has another format are refused with the command that makes a new one."""

# ruff: noqa: PLR0917 (fixtures come as positional arguments)

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pypkg_core.bases import store
from pypkg_core.bases.record import Base, find_built, write_sha256
from pypkg_core.binaries import attach_image, read_image
from pypkg_core.hashing import file_sha256
from pypkg_core.image import OtherFormatError
from pypkg_core.targets.catalogue import Target
from unit.core.binaries.elf_files import elf_base
from unit.core.image.test_format import format_1
from unit.http_server import RecordingReporter

MakeBase = Callable[..., bytes]
Publish = Callable[..., str]


def old_executable(folder: Path, **manifest: str) -> bytes:
    """Return an executable with an image of format 1."""
    (folder / "bare").write_bytes(elf_base())
    out = io.BytesIO()
    attach_image(folder / "bare", format_1(json.dumps(manifest).encode()), out)
    return out.getvalue()


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    write_sha256(path, file_sha256(path))


def need(target: Target, *, build: bool = False) -> Base:
    def forge(target: Target, reporter: object) -> Base:
        raise AssertionError("nothing is forged unasked")

    return store.need_base(target, build=build, reporter=RecordingReporter(), forge=forge)


@pytest.mark.parametrize("build", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_built_base(cache: Path, tmp_path: Path, target: Target, release: str, *, build: bool, known: bool) -> None:
    path = cache / f"built-{release}-linux-x64"
    put(path, old_executable(tmp_path, **({"kind": "base", "target": target.name} if known else {})))
    with pytest.raises(OtherFormatError) as caught:
        need(target, build=build)
    assert str(caught.value) == (
        f"{path} is a base of image format 1; this pypkg needs format 2\n"
        f"Hint: Make a new one: pypkg-forge build {target.name}"
    )


def test_a_fetched_base_until_one_is_built(
    cache: Path, tmp_path: Path, publish: Publish, make_base: MakeBase, target: Target, release: str
) -> None:
    publish(old_executable(tmp_path, kind="base", target=target.name))
    for _ in range(2):  # downloaded, then from the cache
        with pytest.raises(OtherFormatError, match=r"fetched-.* is a base of image format 1") as caught:
            need(target)
        assert caught.value.hint == f"Make a new one: pypkg-forge build {target.name}"
    put(cache / f"built-{release}-linux-x64", make_base())
    assert need(target) == find_built(target)


def test_a_packaged_program(tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(old_executable(tmp_path, kind="application", target="py313-linux-x64"))
    with pytest.raises(OtherFormatError) as caught:
        read_image(tmp_path / "app")
    assert str(caught.value) == (
        f"{tmp_path}/app has an image of format 1; this pypkg needs format 2\nHint: Package it again with this pypkg"
    )


def test_the_hash_of_a_changed_base_is_its_own(cache: Path, make_base: MakeBase, target: Target, release: str) -> None:
    path = cache / f"built-{release}-linux-x64"
    put(path, make_base())
    path.write_bytes(make_base(text=b"changed"))
    assert need(target).sha256 == file_sha256(path)
