"""The inputs that fuzzing starts from: small images with every feature, made by the writer."""

from __future__ import annotations

import struct

from pypkg_core.image import Codec, Dictionary, ImageBuilder, ImageFlag, ModuleKind

__all__ = ["command_lines", "library_seeds", "path_seeds", "seed_images", "tree_image"]

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
    builder.add_entry_point("main", options=["-O", "-X", "dev"])
    builder.add_entry_point("part", "part")
    builder.set_search_path(["/snapshot/app", "/snapshot/lib"])
    builder.set_manifest({"format": 2, "name": "seed"})
    return builder


def _shared() -> ImageBuilder:
    """Contents that share dictionaries, one of them without zstd's header."""
    builder = _empty()
    for number, dictionary in enumerate((Dictionary(TEXT[:200]), Dictionary(TEXT[::-1]))):
        for name in ("one", "two"):
            text = dictionary.data + name.encode() * 9
            builder.add_file(f"app/{name}-{number}", text, codec=Codec.ZSTD, dictionary=dictionary)
    builder.add_file("app/plain", TEXT, codec=Codec.ZSTD)
    builder.add_module(
        "m", ModuleKind.MODULE, "app/plain", TEXT[:300], codec=Codec.ZSTD, dictionary=Dictionary(TEXT[:200])
    )
    return builder


def _folded() -> ImageBuilder:
    builder = ImageBuilder(mtime=MTIME, flags=ImageFlag.FOLDED | ImageFlag.NO_REENTRY)
    for path in ("App/Data/Größe.txt", "App/data2/ß", "app2/ȿɐ", "App/x" + "é" * 60):
        builder.add_file(path, path.encode())
    builder.add_symlink("App/Link", "Data")
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
    builders |= {"shared": _shared(), "folded": _folded()}
    builders |= {f"modules-{codec.name.lower()}": _modules(codec) for codec in Codec}
    return {name: builder.build() for name, builder in builders.items()}


def tree_image() -> bytes:
    """Return the image for `path`: a tree with links in all forms; each file has another size."""
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
    # Forty links in a row are followed, one more is not. The names must not be numbers: /proc/39/root is another root.
    builder.add_symlink("c/n0", "../a")
    for number in range(1, 42):
        builder.add_symlink(f"c/n{number}", f"n{number - 1}")
    return builder.build()


def path_seeds() -> dict[str, bytes]:
    """Return programs for `path`: each call with a path or two."""
    paths = (b"\x11\x04", b"\x12\x0d\x13", b"\x13\x0d\x1e\x04", b"\x0a\x03\x18", b"\x01\x04", b"\x00")
    programs = {}
    for configuration in range(5):
        calls = [bytes([operation]) + path + b"\x01\x02" for operation in range(16) for path in paths]
        for number in range(0, len(calls), 12):
            programs[f"{configuration}-{number}"] = bytes([configuration]) + b"".join(calls[number : number + 12])
    # With more slashes at the end than any buffer has room for, and with a name of its own before each slash.
    long = (b"\xc9\x26\xff", b"\xd1\x26\xff", b"\xc1\x26\x80", b"\x87" + b"\x26" * 7 + b"\x05\x11" + b"\x01" * 17)
    for number, path in enumerate(long):
        calls = [bytes([operation]) + path + b"\x01\x02" for operation in range(16)]
        programs[f"long-{number}"] = b"\0" + b"".join(calls)
    return programs


def library_seeds() -> dict[str, bytes]:
    """Return minimal libraries: a header, two segments, a dynamic section, strings."""
    strings = b"\0libone.so\0libtwo.so.2\0self.so\0"
    seeds = {}
    for name, word, header in (("wide", "Q", "<16sHHIQQQIHHHHHH"), ("narrow", "I", "<16sHHIIIIIHHHHHH")):
        wide = word == "Q"
        start, row = struct.calcsize(header), 56 if wide else 32
        dynamic = start + 2 * row
        tags = [(1, 1), (1, 11), (14, 23), (5, dynamic + 12 * struct.calcsize(word)), (10, len(strings)), (0, 0)]
        section = b"".join(struct.pack(f"<2{word}", *tag) for tag in tags)
        size = dynamic + len(section) + len(strings)
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
        head = struct.pack(header, ident, 3, 62, 1, 0, start, 0, 0, start, row, 2, 0, 0, 0)
        segments = b""
        for kind, offset, length in ((1, 0, size), (2, dynamic, len(section))):
            if wide:
                segments += struct.pack("<IIQQQQQQ", kind, 4, offset, offset, offset, length, length, 8)
            else:
                segments += struct.pack("<IIIIIIII", kind, offset, offset, offset, length, length, 4, 4)
        seeds[name] = head + segments + section + strings
    return seeds


def command_lines() -> dict[str, bytes]:
    """Return command lines for `reentry`."""
    lines = {
        "code": ("/proc/self/exe", ["p", "-c", "pass", "x"], ["x"]),
        "module": ("1:/proc/self/exe", ["p", "-Im", "json.tool"], []),
        "options": ("99:/proc/self/exe", ["p", "-OO", "-X", "dev", "-Werror", "-B", "/snapshot/a", "-c"], ["-V"]),
        "again": ("", ["p", "-c", "x"], ["-c", "x"]),
        "attached": ("", ["p", "-cpass"], []),
        "tracker": ("", ["p", "-c", "from multiprocessing.resource_tracker import main;main(5)"], []),
        "server": (
            "",
            ["p", "-c", "from multiprocessing.forkserver import main; main(5, 6, ['a'], **{\"b\": '\\''})"],
            [],
        ),
        "spawn": (":", ["p", "--multiprocessing-fork", "tracker_fd=5"], []),
        "missing": ("4294967296:x", ["p", "-W"], []),
        "script": ("0:", ["p", "-u", "--", "/snapshot/l/file"], ["--"]),
    }
    return {
        name: b"\0".join([variable.encode(), *(item.encode() for item in [*line, "", *own, ""])])
        for name, (variable, line, own) in lines.items()
    }
