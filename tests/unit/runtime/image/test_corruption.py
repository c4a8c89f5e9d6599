"""The image is untrusted: whatever its bytes are, the runtime neither crashes nor reads outside it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pypkg_core import _core

from ..conftest import RunCore

# The header and the directory of twelve sections.
HEADER_SIZE = 48 + 12 * 24


def _write(folder: Path, images: list[bytes]) -> list[Path]:
    paths = []
    for number, image in enumerate(images):
        path = folder / str(number)
        path.write_bytes(image)
        paths.append(path)
    return paths


def _flip(image: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(image)
    changed[position] ^= mask
    return bytes(changed)


def test_sound_image_is_walked(run_core: RunCore, image_file: Path) -> None:
    assert run_core("walk", image_file).stdout == "walked\n"


def test_truncated_images(run_core: RunCore, image_bytes: bytes, tmp_path: Path) -> None:
    sizes = [0, 1, 7, 8, HEADER_SIZE - 1, HEADER_SIZE, *range(HEADER_SIZE + 1, len(image_bytes), 37)]
    done = run_core("walk", *_write(tmp_path, [image_bytes[:size] for size in sizes]))
    assert set(done.stdout.splitlines()) == {"the image is truncated"}


def test_every_truncation_and_every_byte(run_corruption: tuple[bool, RunCore], image_file: Path) -> None:
    checked, run = run_corruption
    lines = [line.split(": ") for line in run(image_file).stdout.splitlines()]
    counts = {what: [int(item.split()[0]) for item in numbers.split(", ")] for what, numbers in lines}
    size = image_file.stat().st_size
    assert counts["truncated"] == [size, 0, 0, 0]
    refused, alike, failing, unlike = counts["tables"]
    if checked:
        assert (alike, failing, unlike) == (0, 0, 0)
        refused, alike, failing, unlike = counts["data"]
        # Only a change of padding has no effect.
        assert (refused, unlike) == (0, 0) and failing > alike
    else:
        assert refused > 0 and unlike > 0
    assert sum(counts["tables"]) + sum(counts["data"]) == 3 * size


@pytest.mark.parametrize("seed", range(4))
def test_random_corruption(run_unchecked_core: RunCore, image_bytes: bytes, tmp_path: Path, seed: int) -> None:
    random_source = random.Random(seed)  # noqa: S311 - repeatable, not secret
    images = []
    for _ in range(400):
        changed = bytearray(image_bytes)
        for _ in range(random_source.randint(1, 4)):
            changed[random_source.randrange(HEADER_SIZE, len(changed))] = random_source.randrange(256)
        images.append(bytes(changed))
    done = run_unchecked_core("walk", *_write(tmp_path, images))
    assert len(done.stdout.splitlines()) == len(images)


def test_image_object_refuses_what_the_runtime_refuses(image_bytes: bytes) -> None:
    with pytest.raises(ValueError, match="truncated"):
        _core.Image(image_bytes[:-1])
    with pytest.raises(ValueError, match="no magic"):
        _core.Image(b"X" + image_bytes[1:])
    with pytest.raises(ValueError, match="another format"):
        _core.Image(_flip(image_bytes, 8, 0x01))


def test_corrupt_tables_are_reported_and_not_followed(image_bytes: bytes) -> None:
    random_source = random.Random(7)  # noqa: S311 - repeatable, not secret
    for _ in range(2000):
        at = random_source.randrange(HEADER_SIZE, len(image_bytes))
        try:
            image = _core.Image(_flip(image_bytes, at, 1 << random_source.randrange(8)))
        except ValueError:
            continue
        for path in ("", "app", "app/data/a.txt", "app/up/sub/b.txt", "site-packages/lib/one.so"):
            try:
                image.lookup(path)
                image.listdir(path)
            except (OSError, LookupError, ValueError):
                continue
        assert image.module("no.such.module") is None
