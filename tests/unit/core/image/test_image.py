"""Images are written as documented, and read back."""

# ruff: noqa: S311 (seeded randomness is wanted)

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec, EntryType, Image, ImageBuilder, ImageFlag, ModuleKind, merge_image

from .assembler import Assembler

MTIME = 1_700_000_000


def sample() -> Assembler:
    generator = random.Random(7)
    files = {f"app/d{n % 5}/data-{n}.bin": (generator.randbytes(n * 3), n % 4 == 0) for n in range(60)}
    files |= {"app/main.py": (b"print('hi')\n", False), "app/empty": (b"", False), "app/é/ü.txt": ("ä".encode(), False)}
    files |= {f"site-packages/np.libs/lib{n}.so": (generator.randbytes(999), True) for n in range(3)}
    return Assembler(
        mtime=MTIME,
        files=files,
        withheld=["app/secret.py", "app/pkg/__init__.py"],
        links={"app/link": "../app/main.py", "app/same": "../app/main.py", "top": "/snapshot/app"},
        directories=["app/nothing", "app"],
        modules={
            "app": (3, "app", b""),
            "__main__": (1, "app/main.py", b"\xe3code" * 9),
            "app.main": (1, "app/main.py", b"\xe3code" * 9),
            "pkg": (2, "app/pkg/__init__.py", b"N"),
            "np._core": (4, "site-packages/np.libs/lib0.so", b""),
            "üml": (1, "app/secret.py", b"T"),
        },
        bundles={"numpy": [f"site-packages/np.libs/lib{n}.so" for n in (2, 0, 1)], "mine": ["app/d0/data-0.bin"]},
        search_path=["/snapshot/app", "/snapshot/lib/python3.13"],
        entry_points={"app": ("__main__", ["-O", "-Xutf8"]), "another": ("app.main", [])},
        manifest={"name": "app", "format": 2, "kind": "application"},
    )


def build(contents: Assembler, *, shuffled: int | None = None, codec: Codec = Codec.NONE) -> bytes:
    builder = ImageBuilder(contents.mtime, ImageFlag(contents.flags))
    steps: list[Callable[[], None]] = [
        partial(builder.add_file, p, d[0], executable=d[1], codec=codec) for p, d in contents.files.items()
    ]
    steps += [partial(builder.add_withheld, p) for p in contents.withheld]
    steps += [partial(builder.add_symlink, p, t) for p, t in contents.links.items()]
    steps += [partial(builder.add_directory, p) for p in contents.directories]
    steps += [
        partial(builder.add_module, n, ModuleKind(m[0]), m[1], m[2] or None, codec=codec)
        for n, m in contents.modules.items()
    ]
    steps += [partial(builder.add_bundle, n, p) for n, p in contents.bundles.items()]
    if shuffled is not None:
        random.Random(shuffled).shuffle(steps)
    for step in steps:
        step()
    builder.set_search_path(contents.search_path)
    for name, (module, options) in contents.entry_points.items():
        builder.add_entry_point(name, module, options)
    builder.set_manifest(contents.manifest)
    return builder.build()


def test_the_writer_matches_the_independent_assembler() -> None:
    assert build(sample()) == sample().image()
    assert build(Assembler(mtime=0)) == Assembler(mtime=0).image()


def test_the_order_of_adding_does_not_show() -> None:
    assert {build(sample(), shuffled=seed) for seed in range(4)} == {sample().image()}


@pytest.mark.parametrize("codec", list(Codec))
def test_everything_is_read_back(codec: Codec) -> None:
    contents = sample()
    contents.files["app/long"] = (b"abc" * 1000, False)
    contents.modules["long"] = (1, "app/long", b"\xe3" + b"x" * 999)
    image = Image(build(contents, codec=codec))
    image.verify()
    for path, (data, executable) in contents.files.items():
        entry = image.lookup(path)
        assert entry is not None
        assert entry.type is EntryType.FILE
        assert (image.read(entry), entry.executable, entry.mtime) == (data, executable, MTIME)
        assert entry.name == path.split("/")[-1]
    for name, (kind, path, code) in contents.modules.items():
        module = image.find_module(name)
        assert module is not None
        assert (module.kind, module.entry.path, image.code(module)) == (kind, path, code or None)
    assert image.search_path == tuple(contents.search_path)
    assert [(point.name, point.module.name, point.options) for point in image.entry_points] == [
        ("app", "__main__", ("-O", "-Xutf8")),
        ("another", "app.main", ()),
    ]
    assert image.is_application
    assert image.manifest == contents.manifest
    assert [bundle.name for bundle in image.bundles] == ["mine", "numpy"]
    long = image.lookup("app/long")
    assert long is not None
    assert long.codec is codec
    assert (long.stored_size < 200) == (codec is not Codec.NONE)


def test_directories_links_and_withheld_files() -> None:
    image = Image(build(sample()))
    root = image.lookup("")
    assert root is image.entries[0]
    assert [child.name for child in image.children(root)] == ["app", "site-packages", "top"]
    link = image.lookup("app/link")
    assert link is not None
    assert (link.target, link.mode) == ("../app/main.py", 0o777)
    secret = image.lookup("app/secret.py")
    assert secret is not None
    assert (secret.withheld, secret.mode, secret.size) == (True, 0, 0)
    with pytest.raises(PypkgError, match="withheld"):
        image.read(secret)
    with pytest.raises(PypkgError, match="is a link"):
        image.read(link)
    assert image.children(link) == ()
    for missing in ("nothing", "app/", "/app", "app/main.py/x", "\udcff"):
        assert image.lookup(missing) is None
    assert image.find_module("nothing") is None


def test_a_file_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"from disk")
    builder = ImageBuilder(0)
    builder.add_file("x", tmp_path / "x")
    image = Image(builder.build())
    assert image.read(image.entries[1]) == b"from disk"
    with pytest.raises(PypkgError, match=r"Cannot read .*/y: No such file"):
        builder.add_file("y", tmp_path / "y")


def test_the_same_thing_twice_is_fine_and_two_things_are_not() -> None:
    builder = ImageBuilder(0)
    for _ in range(2):
        builder.add_file("a/b", b"1")
        builder.add_module("m", ModuleKind.MODULE, "a/b", b"N")
        builder.add_directory("a")
        builder.add_directory("")
    with pytest.raises(PypkgError, match="Two different entries for 'a/b'"):
        builder.add_file("a/b", b"2")
    with pytest.raises(PypkgError, match="Two different entries for 'a'"):
        builder.add_withheld("a")
    with pytest.raises(PypkgError, match="cannot be both a file and the directory"):
        builder.add_file("a/b/c", b"")
    with pytest.raises(PypkgError, match="Two different modules are called 'm'"):
        builder.add_module("m", ModuleKind.MODULE, "a/b", b"T")
    builder.add_bundle("x", ["a/b"])
    with pytest.raises(PypkgError, match="Two different bundles"):
        builder.add_bundle("x", ["a/c"])
    builder.add_bundle("y", ["a/b"])
    with pytest.raises(PypkgError, match="in two bundles"):
        builder.build()


@pytest.mark.parametrize("path", ["/a", "a/", "a//b", ".", "a/../b", "a/./b", "a\0b", "\udc80", "x" * 4096])
def test_unfit_paths(path: str) -> None:
    with pytest.raises(PypkgError):
        ImageBuilder(0).add_file(path, b"")


def test_modules_need_what_their_kind_needs() -> None:
    builder = ImageBuilder(0)
    with pytest.raises(PypkgError, match="needs code"):
        builder.add_module("m", ModuleKind.MODULE, "m.py", None)
    with pytest.raises(PypkgError, match="cannot have code"):
        builder.add_module("m", ModuleKind.NAMESPACE, "m", b"N")
    for name in ("", "m" * 65536):
        with pytest.raises(PypkgError, match=f"has a name of {len(name)} bytes, expected 1 to 65535"):
            builder.add_module(name, ModuleKind.MODULE, "m.py", b"N")
    builder.add_module("m", ModuleKind.MODULE, "m.py", b"N")
    with pytest.raises(PypkgError, match="which was not added"):
        builder.build()


def test_entry_points_need_modules_with_code() -> None:
    builder = ImageBuilder(0)
    builder.add_file("m.py", b"")
    builder.add_module("m", ModuleKind.MODULE, "m.py", b"N")
    builder.add_module("x", ModuleKind.EXTENSION, "m.py", None)
    builder.add_entry_point("one", "m")
    with pytest.raises(PypkgError, match="Two entry points are called 'one'"):
        builder.add_entry_point("one", "x")
    with pytest.raises(PypkgError, match="needs an entry point, whose module it is"):
        builder.build()
    builder = ImageBuilder(0)
    builder.add_file("m.py", b"")
    builder.add_module("__main__", ModuleKind.MODULE, "m.py", b"N")
    builder.add_module("x", ModuleKind.EXTENSION, "m.py", None)
    with pytest.raises(PypkgError, match="needs an entry point, whose module it is"):
        builder.build()
    builder.add_entry_point("one")
    assert Image(builder.build()).is_application
    builder.add_entry_point("two", "x")
    with pytest.raises(PypkgError, match="The entry point 'two' refers to 'x', which is not a module with code"):
        builder.build()


def test_a_bundle_needs_readable_files() -> None:
    builder = ImageBuilder(0)
    builder.add_withheld("a")
    builder.add_bundle("b", ["a"])
    with pytest.raises(PypkgError, match="not a readable file"):
        builder.build()


def test_merging_copies_everything_and_withholds_what_it_is_told_to() -> None:
    image = Image(build(sample(), codec=Codec.ZSTD))
    builder = ImageBuilder(MTIME)
    merge_image(builder, image, withhold=lambda _entry: False)
    builder.set_search_path(image.search_path)
    for point in image.entry_points:
        builder.add_entry_point(point.name, point.module.name, point.options)
    builder.set_manifest(image.manifest)
    assert builder.build() == bytes(image.data)

    builder = ImageBuilder(0)
    builder.add_file("app/main.py", b"mine")
    builder.add_module("pkg", ModuleKind.MODULE, "app/main.py", b"F")
    merge_image(builder, image, withhold=lambda entry: entry.path == "app/empty")
    builder.add_entry_point("app")
    merged = Image(builder.build())
    main, empty, module = merged.lookup("app/main.py"), merged.lookup("app/empty"), merged.find_module("pkg")
    assert main is not None
    assert empty is not None
    assert module is not None
    assert (merged.read(main), empty.withheld, merged.code(module)) == (b"mine", True, b"F")


def test_every_truncation_is_an_error() -> None:
    data = build(sample())
    for size in [*range(0, 400), *range(400, len(data), 97), len(data) - 1]:
        with pytest.raises(PypkgError):
            Image(data[:size])
    assert len(Image(data + b"behind it")) == len(data)


def test_damage_is_an_error_or_harmless_and_never_anything_else() -> None:
    data = build(sample(), codec=Codec.ZSTD)
    generator = random.Random(11)
    found = 0
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(generator.randint(1, 3)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            Image(damaged).verify()
        except PypkgError:
            found += 1
    assert found > 1000


def test_damaged_contents_are_found_by_their_checksum() -> None:
    contents = sample()
    contents.files["app/z"] = (b"0123456789abcdef", False)
    data = bytearray(build(contents))
    image = Image(bytes(data))
    entry = image.lookup("app/z")
    assert entry is not None
    data[entry.offset] ^= 1
    broken = Image(data)
    with pytest.raises(PypkgError, match="checksum of 'app/z'"):
        broken.verify()
