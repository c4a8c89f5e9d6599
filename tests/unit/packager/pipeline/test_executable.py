"""Writing an executable: what its system could not map is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pypkg.pipeline.executable import write_executable
from pypkg.project.outputs import Output
from pypkg_core.bases.record import Base
from pypkg_core.bases.store import find_base
from pypkg_core.binaries import read_image
from pypkg_core.errors import PypkgError
from pypkg_core.image import ImageBuilder, Pieces
from pypkg_core.progress import QUIET
from pypkg_core.targets import catalogue as module
from pypkg_core.targets.catalogue import Target, catalogue


@pytest.fixture
def base(built: Path, target: Target) -> Base:
    """A base in the cache."""
    found = find_base(target, download=False, reporter=QUIET)
    assert found is not None and found.path == built
    return found


@pytest.fixture
def image() -> Pieces:
    """An image with a file."""
    builder = ImageBuilder(0)
    builder.add_file("app/data.bin", bytes(range(256)) * 40)
    return builder.pieces()


def set_limit(monkeypatch: pytest.MonkeyPatch, target: Target, limit: int) -> None:
    """Make a made-up system of a target's: it maps executables of ``limit`` bytes."""
    table = catalogue()
    row = replace(table.platforms[target.platform], largest_executable=limit)
    changed = replace(table, platforms={**table.platforms, target.platform: row})
    monkeypatch.setattr(module, "catalogue", lambda: changed)


def test_an_executable_that_the_system_cannot_map_is_refused_before_it_is_written(
    base: Base, image: Pieces, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(target=target, path=tmp_path / "out" / "app")
    output.path.parent.mkdir()
    size = base.path.stat().st_size - len(base.image) + len(image)
    set_limit(monkeypatch, target, size - 1)
    with pytest.raises(PypkgError) as caught:
        write_executable(base, image, output)
    assert f"app: it would have {size:,} bytes, and {target} can map executables of at most {size - 1:,} bytes" in str(
        caught.value
    )
    assert list(output.path.parent.iterdir()) == []


def test_one_that_it_can_map_is_written(
    base: Base, image: Pieces, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = base.path.stat().st_size - len(base.image) + len(image)
    set_limit(monkeypatch, target, size)
    written = write_executable(base, image, Output(target=target, path=tmp_path / "app"))
    assert written == (tmp_path / "app").stat().st_size
    assert len(read_image(tmp_path / "app")) == len(image)
    assert abs(written - size) < 64 * 1024, "the size that is compared with the limit is about that of the file"
