"""A second, independent writer of images, made from docs/image-format.md only.

It shares nothing with pypkg_core but the hash, is slow, and knows one size of everything: what it makes must be equal,
byte for byte, to what the writer makes.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field

from pypkg_core._core import xxh64


@dataclass
class Assembler:
    """``files``: path -> (contents, executable). ``modules``: name -> (kind, path, code). ``links``: path -> target."""

    mtime: int
    files: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    withheld: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    directories: list[str] = field(default_factory=list)
    modules: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    bundles: dict[str, list[str]] = field(default_factory=dict)
    search_path: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    manifest: dict[str, object] = field(default_factory=dict)

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
        options = b"".join(item.encode() + b"\0" for item in self.options)
        manifest = json.dumps(self.manifest, sort_keys=True, separators=(",", ":")).encode()
        targets = [self.links[path].encode() for path in paths if path in self.links]
        texts = [path.encode() for path in paths] + targets + [name.encode() for name in names]
        for text in [*texts, *(name.encode() for name in bundles), listed, options, manifest]:
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

        path_slots = slots([path.encode() for path in paths])
        module_slots = slots([name.encode() for name in names])
        tables = [72 * len(paths), len(path_slots), 4 * len(children), 64 * len(names), len(module_slots)]
        tables += [48 * len(bundles), len(strings)]
        table_offsets, at = [], 160
        for size in tables:
            table_offsets.append(at)
            at = at + size + -(at + size) % 8
        data_offset = at + 8 + -(at + 8) % 16

        data = b""
        entries = b""
        for path in paths:
            raw = path.encode()
            kind, mode, flags, where, stored, size, checksum = 2, 0o555, 0, 0, 0, 0, 0
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
                stored = size = len(contents)
                checksum = xxh64(contents)
                data += contents + bytes(-len(contents) % 16)
            bundle_number = next((number for number, name in enumerate(bundles, 1) if path in self.bundles[name]), 0)
            name_offset = len(raw) - len(raw.split(b"/")[-1])
            entries += struct.pack("<QIII", xxh64(raw), offsets[raw], len(raw), name_offset)
            entries += struct.pack("<BBHII", kind, 0, mode, flags, bundle_number)
            entries += struct.pack("<QQQqQ", where, stored, size, self.mtime, checksum)

        modules = b""
        for name in names:
            raw = name.encode()
            kind, path, code = self.modules[name]
            where, checksum = (data_offset + len(data), xxh64(code)) if code else (0, 0)
            data += code + bytes(-len(code) % 16)
            modules += struct.pack("<QIIIBBH", xxh64(raw), offsets[raw], len(raw), paths.index(path), kind, 0, 0)
            modules += struct.pack("<QQQQQ", where, len(code), len(code), checksum, 0)

        rows = b""
        for bundle in bundles:
            members = sorted(self.bundles[bundle], key=lambda path: path.encode())
            digest = hashlib.sha256()
            for path in members:
                contents = self.files[path][0]
                digest.update(path.encode() + b"\0" + struct.pack("<Q", len(contents)) + contents)
            rows += digest.digest()
            rows += struct.pack("<IIII", first_member[bundle], len(members), offsets[bundle.encode()], len(bundle))

        header = b"PYPKGIMG" + struct.pack("<II", 1, 160)
        header += struct.pack("<Q7Q", data_offset + len(data), *table_offsets)
        header += struct.pack("<QQQ", len(strings), data_offset, len(data))
        header += struct.pack("<III", len(paths), len(path_slots) // 4, len(children))
        header += struct.pack("<III", len(names), len(module_slots) // 4, len(bundles))
        header += struct.pack("<QII", offsets[manifest], len(manifest), len(listed))
        header += struct.pack("<QII", offsets[listed], offsets[options], len(options))
        numbers = b"".join(struct.pack("<I", child) for child in children)
        image = header
        for start, table in zip(
            table_offsets, (entries, path_slots, numbers, modules, module_slots, rows, strings), strict=True
        ):
            image = image.ljust(start, b"\0") + table
        image = image.ljust(data_offset - 8, b"\0")
        return image + struct.pack("<Q", xxh64(image)) + data


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
