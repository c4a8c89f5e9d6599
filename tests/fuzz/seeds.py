"""The inputs that fuzzing starts from, made by the writer: small images with every feature."""

from __future__ import annotations

from pathlib import Path

from pypkg_core.image import Codec, ImageBuilder, ModuleKind

__all__ = ["seed_images", "tree_image"]

MTIME = 315532800
TEXT = b"all work and no play makes a dull test\n" * 12


def _empty() -> ImageBuilder:
    return ImageBuilder(mtime=MTIME)


def _links() -> ImageBuilder:
    builder = _empty()
    builder.add_file("app/data/a.txt", b"text\n")
    builder.add_file("app/data/sub/b.txt", b"deeper\n")
    builder.add_withheld("app/secret.py")
    for path, target in (
        ("app/link", "data/a.txt"),
        ("app/up", "../app/data"),
        ("app/absolute", "/snapshot/app/data/sub"),
        ("app/out", "/proc/self"),
        ("app/loop", "loop"),
        ("app/one", "two"),
        ("app/two", "./one"),
        ("app/slash", "data/"),
        ("app/none", "nowhere/at/all"),
        ("app/root", "/snapshot"),
        ("app/above", "../.."),
    ):
        builder.add_symlink(path, target)
    return builder


def _modules(codec: Codec) -> ImageBuilder:
    builder = _empty()
    builder.add_file("app/main.py", TEXT, codec=codec)
    builder.add_file("app/run", b"#!/bin/sh\n" + TEXT, executable=True, codec=codec)
    builder.add_directory("app/space/empty")
    builder.add_file("app/part/__init__.py", TEXT * 2, codec=codec)
    builder.add_module("__main__", ModuleKind.MODULE, "app/main.py", TEXT, codec=codec)
    builder.add_module("part", ModuleKind.PACKAGE, "app/part/__init__.py", TEXT * 3, codec=codec)
    builder.add_module("space", ModuleKind.NAMESPACE, "app/space", None)
    builder.set_search_path(["/snapshot/app", "/snapshot/lib"])
    builder.set_options(["-O", "-X", "dev"])
    builder.set_manifest({"format": 1, "name": "seed"})
    return builder


def _bundles() -> ImageBuilder:
    builder = _empty()
    builder.add_file("site-packages/lib/one.so", b"\x7fELF one", executable=True)
    builder.add_file("site-packages/lib.libs/two.so", TEXT, codec=Codec.ZSTD)
    builder.add_bundle("lib", ["site-packages/lib/one.so", "site-packages/lib.libs/two.so"])
    builder.add_file("site-packages/alone.so", b"\x7fELF alone")
    builder.add_symlink("site-packages/other.so", "lib/one.so")
    builder.add_module("lib", ModuleKind.EXTENSION_PACKAGE, "site-packages/lib/one.so", None)
    builder.add_module("alone", ModuleKind.EXTENSION, "site-packages/alone.so", None)
    return builder


def seed_images() -> dict[str, bytes]:
    """Return images by name."""
    builders = {"empty": _empty(), "links": _links(), "bundles": _bundles()}
    builders |= {f"modules-{codec.name.lower()}": _modules(codec) for codec in Codec}
    return {name: builder.build() for name, builder in builders.items()}


def tree_image() -> bytes:
    """Return the image that `path` walks: a tree with links of all sorts; contents are unlike each other in size."""
    builder = _empty()
    files = ("a", "b.txt", "d/a", "d/e/f", "d/e/g.txt", "d/e/h/i/j", "with space", "sub/ünïcode", "x" * 255)
    for number, path in enumerate(files):
        builder.add_file(path, b"%d" % number * (number + 1), executable=number % 2 == 0)
    builder.add_withheld("d/withheld")
    builder.add_directory("empty")
    builder.add_directory("d/deep/deeper/deepest")
    links = {
        "l/file": "../a",
        "l/dir": "../d",
        "l/self": ".",
        "l/up": "..",
        "l/root": "/snapshot",
        "l/top": "/",
        "l/real": "/real/dir",
        "l/back": "/real/back",
        "l/absolute": "/snapshot/d/e",
        "l/loop": "loop",
        "l/ping": "pong",
        "l/pong": "../l/ping",
        "l/slash": "../d/",
        "l/fileslash": "../a/",
        "l/dangling": "nothing",
        "l/out": "../../real/file",
        "l/outside": "../../../snapshot/d",
        "l/twice": "dir/e/../e",
        "d/e/link": "../../l/dir/e",
    }
    for path, target in links.items():
        builder.add_symlink(path, target)
    # Forty links in a row are followed, one more is not.
    builder.add_symlink("c/00", "../a")
    for number in range(1, 42):
        builder.add_symlink(f"c/{number:02}", f"{number - 1:02}")
    return builder.build()


def write_seeds(folder: Path) -> None:
    """Write the images into ``folder``, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in seed_images().items():
        (folder / f"seed-{name}").write_bytes(image)
