"""A second, independent writer of images, made from docs/image-format.md only.

It shares nothing with pypkg_core but the hash, and is slow: what it makes must be equal, byte for byte, to what the
writer makes.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field

from pypkg_core._core import xxh64


@dataclass
class Assembler:
    """``files``: path -> (contents, executable). ``modules``: name -> (kind, path, code). ``links``: path -> target.

    ``encoded``: path or module's name -> (stored bytes, dictionary), for contents that zstd encodes.
    ``entry_points``: name -> (module, options).
    """

    mtime: int
    files: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    withheld: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    directories: list[str] = field(default_factory=list)
    modules: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    bundles: dict[str, list[str]] = field(default_factory=dict)
    search_path: list[str] = field(default_factory=list)
    entry_points: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    manifest: dict[str, object] = field(default_factory=dict)
    encoded: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    flags: int = 0

    def image(self) -> bytes:  # noqa: PLR0912, PLR0915 (one straight line through the document)
        leaves = [*self.files, *self.withheld, *self.links, *self.directories]
        folders = {""} | set(self.directories)
        for leaf in leaves:
            parts = leaf.split("/")
            folders |= {"/".join(parts[:count]) for count in range(1, len(parts))}
        paths = sorted({*leaves, *folders}, key=lambda path: path.encode())
        names = sorted(self.modules, key=lambda name: name.encode())
        bundles = sorted(self.bundles, key=lambda name: name.encode())

        strings = b""
        offsets: dict[bytes, int] = {}
        listed = b"".join(item.encode() + b"\0" for item in self.search_path)
        options = {
            name: b"".join(item.encode() + b"\0" for item in point[1]) for name, point in self.entry_points.items()
        }
        manifest = json.dumps(self.manifest, sort_keys=True, separators=(",", ":")).encode()
        targets = [self.links[path].encode() for path in paths if path in self.links]
        texts = [path.encode() for path in paths] + targets + [name.encode() for name in names]
        texts += [name.encode() for name in [*bundles, *self.entry_points]]
        for text in [*texts, *options.values()]:
            if text not in offsets:
                offsets[text] = len(strings)
                strings += text

        children: list[int] = []
        first_child = {}
        child_count = {}
        for folder in paths:
            if folder in folders:
                own = [path for path in paths if path and path.rpartition("/")[0] == folder]
                first_child[folder], child_count[folder] = len(children), len(own)
                children += [paths.index(path) for path in own]
        first_member = {}
        for owner in bundles:
            first_member[owner] = len(children)
            children += [paths.index(path) for path in sorted(self.bundles[owner], key=lambda path: path.encode())]

        keys = [folded(path).encode() if self.flags & 1 else path.encode() for path in paths]
        path_slots = slots(keys)
        module_slots = slots([name.encode() for name in names])
        dictionaries = sorted({dictionary for _, dictionary in self.encoded.values()} - {b""})
        sizes = [64 * len(paths), len(path_slots), 4 * len(children), 56 * len(names), len(module_slots)]
        sizes += [48 * len(bundles), 24 * len(self.entry_points), 24 * len(dictionaries)]
        sizes += [len(strings), len(listed), len(manifest)]
        starts, at = [], 48 + 12 * 24
        for size in sizes:
            at += -at % 64
            starts.append(at)
            at += size
        data_offset = at + 8 + -(at + 8) % 64

        data = b""
        shared = b""
        for dictionary in dictionaries:
            shared += struct.pack("<QQQ", data_offset + len(data), len(dictionary), xxh64(dictionary))
            data += dictionary + bytes(-len(dictionary) % 16)
        entries = b""
        for path, key in zip(paths, keys, strict=True):
            raw = path.encode()
            kind, mode, flags, where, stored, size, checksum = 2, 0o555, 0, 0, 0, 0, 0
            codec = number = 0
            if path in folders:
                where, size = first_child[path], child_count[path]
            elif path in self.links:
                target = self.links[path].encode()
                kind, mode, where, stored, size = 3, 0o777, offsets[target], len(target), len(target)
            elif path in self.withheld:
                kind, mode, flags = 1, 0, 1
            else:
                contents, executable = self.files[path]
                kind, mode, where = 1, 0o555 if executable else 0o444, data_offset + len(data)
                size, checksum = len(contents), xxh64(contents)
                codec, number, contents = self.stored(path, contents, dictionaries)
                stored = len(contents)
                data += contents + bytes(-len(contents) % 16)
            bundle_number = next((number for number, name in enumerate(bundles, 1) if path in self.bundles[name]), 0)
            name_offset = len(raw) - len(raw.split(b"/")[-1])
            entries += struct.pack("<QIII", xxh64(key), offsets[raw], len(raw), name_offset)
            entries += struct.pack("<BBHHHI", kind, codec, mode, flags, number, bundle_number)
            entries += struct.pack("<QQQQ", where, stored, size, checksum)

        modules = b""
        for name in names:
            raw = name.encode()
            kind, path, code = self.modules[name]
            size, where, checksum = (len(code), data_offset + len(data), xxh64(code)) if code else (0, 0, 0)
            codec, number, code = self.stored(name, code, dictionaries)
            data += code + bytes(-len(code) % 16)
            modules += struct.pack("<QIHH", xxh64(raw), offsets[raw], len(raw), 0)
            modules += struct.pack("<IBBH", paths.index(path), kind, codec, number)
            modules += struct.pack("<QQQQ", where, len(code), size, checksum)

        rows = b""
        for bundle in bundles:
            members = sorted(self.bundles[bundle], key=lambda path: path.encode())
            digest = hashlib.sha256()
            for path in members:
                contents = self.files[path][0]
                digest.update(path.encode() + b"\0" + struct.pack("<Q", len(contents)) + contents)
            rows += digest.digest()
            rows += struct.pack("<IIII", first_member[bundle], len(members), offsets[bundle.encode()], len(bundle))

        points = b""
        for name, (module, _) in self.entry_points.items():
            points += struct.pack("<IIII", names.index(module), 0, offsets[name.encode()], len(name.encode()))
            points += struct.pack("<II", offsets[options[name]], len(options[name]))

        image = b"PYPKGIMG" + struct.pack("<HHIII", 2, 0, self.flags, 48, 12)
        image += struct.pack("<QQq", data_offset + len(data), data_offset - 8, self.mtime)
        spans = [*zip(starts, sizes, strict=True), (data_offset, len(data))]
        for kind, (start, size) in enumerate(spans, 1):
            image += struct.pack("<IIQQ", kind, 0, start, size)
        numbers = b"".join(struct.pack("<I", child) for child in children)
        tables = [entries, path_slots, numbers, modules, module_slots, rows, points, shared, strings, listed, manifest]
        for start, table in zip(starts, tables, strict=True):
            image = image.ljust(start, b"\0") + table
        image = image.ljust(data_offset - 8, b"\0")
        return image + struct.pack("<Q", xxh64(image)) + data

    def stored(self, name: str, contents: bytes, dictionaries: list[bytes]) -> tuple[int, int, bytes]:
        """Return codec, number of the dictionary, and stored bytes."""
        if name not in self.encoded:
            return 0, 0, contents
        stored, dictionary = self.encoded[name]
        return 3, dictionaries.index(dictionary) + 1 if dictionary else 0, stored


def folded(path: str) -> str:
    """Return a path in upper case by the rule of the document; enough of it for the characters of the tests."""
    result = ""
    for character in path:
        upper = character.upper()
        simple = len(upper) == 1 and ord(upper) < 0x10000 and (upper.lower() == character or character == "ς")
        result += upper if simple else character
    return result


def slots(keys: list[bytes]) -> bytes:
    """Return the hash table of these keys."""
    count = 1
    while count <= 2 * len(keys):
        count *= 2
    table = [0] * count
    for number, key in enumerate(keys):
        slot = xxh64(key) % count
        while table[slot]:
            slot = (slot + 1) % count
        table[slot] = number + 1
    return struct.pack(f"<{count}I", *table)
