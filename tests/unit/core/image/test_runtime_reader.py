"""The runtime's lookup (C) and the reader (Python) agree about an image."""

# ruff: noqa: S311 (seeded randomness is wanted)

from __future__ import annotations

import contextlib
import random

from pypkg_core._core import Image as RuntimeImage
from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec, EntryType, Image

from .test_image import build, sample


def test_both_find_the_same() -> None:
    data = build(sample(), codec=Codec.ZSTD)
    image, runtime = Image(data), RuntimeImage(data)
    for number, entry in enumerate(image.entries):
        found = runtime.lookup(entry.path, follow=False)
        assert found["index"] == number
        assert (found["type"], found["codec"], found["mode"], found["flags"]) == (
            entry.type,
            entry.codec,
            entry.mode,
            entry.flags,
        )
        assert (found["stored_size"], found["size"]) == (entry.stored_size, entry.size)
        if entry.type is not EntryType.FILE or entry.stored_size:  # the runtime gives what is empty another place
            assert found["data_offset"] == entry.offset
        assert (found["mtime"], found["checksum"], found["bundle"]) == (entry.mtime, entry.checksum, entry.bundle)
        if entry.type is EntryType.DIRECTORY:
            assert runtime.listdir(entry.path) == [child.name for child in image.children(entry)]
    for module in image.modules:
        described = runtime.module(module.name)
        assert described is not None
        assert image.entries[described["entry"]] is module.entry
        assert described["kind"] == module.kind
        if module.size:
            assert described["code_offset"] == module.offset
        assert (described["code_size"], described["checksum"]) == (module.size, module.checksum)
    assert runtime.module("nothing") is None


def test_what_the_reader_accepts_the_runtime_reads() -> None:
    """Damage that the reader accepts (in contents, times, checksums) must not crash the runtime's lookup."""
    data = build(sample())
    generator = random.Random(23)
    accepted = 0
    for _ in range(800):
        damaged = bytearray(data)
        damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            image = Image(bytes(damaged))
        except PypkgError:
            # The runtime may find it later, or not at all; it must not crash.
            with contextlib.suppress(ValueError, OSError, LookupError, MemoryError):
                broken = RuntimeImage(bytes(damaged))
                for path in ("app/main.py", "app", "top", "app/link"):
                    broken.lookup(path)
                    broken.listdir("app")
                    broken.module("app.main")
            continue
        accepted += 1
        runtime = RuntimeImage(bytes(damaged))
        for entry in image.entries:
            assert runtime.lookup(entry.path, follow=False)["size"] == entry.size
    assert accepted > 100
