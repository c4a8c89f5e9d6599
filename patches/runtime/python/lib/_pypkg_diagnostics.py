"""What an executable packaged with ``--debug`` prints to standard error before the application runs.

``DEBUG_PYPKG=1`` lists the files and modules of the image, ``DEBUG_PYPKG=2`` traces imports and accesses to packaged
files too. ``SIZE_LIMIT_PYPKG`` and ``FOLDER_LIMIT_PYPKG`` (bytes, or with kB, MB, GB) limit the lists to larger files
and folders. Executables packaged without ``--debug`` do not have this module.
"""

import _frozen_importlib as _bootstrap
import os
import sys

import _pypkg

_ROOT = _pypkg.ROOT
_FILE_LIMIT = 5 * 1024 * 1024
_FOLDER_LIMIT = 10 * 1024 * 1024
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3}

# docs/image-format.md, "Entry" and "Module".
_DIRECTORY, _LINK = 2, 3
_CODECS = ("none", "gzip", "brotli", "zstd")
_KINDS = ("", "module", "package", "namespace", "extension", "extension package")


def start(*, listed):
    """Do what ``DEBUG_PYPKG`` requests; ``listed``: with the lists."""
    level = _pypkg.environment("DEBUG_PYPKG")
    if level in (None, "", "0"):
        return
    if listed:
        _say(_report(_read_limit("SIZE_LIMIT_PYPKG"), _read_limit("FOLDER_LIMIT_PYPKG")))
    if level == "2":
        _trace_imports()
        _pypkg.trace(2)


def _say(lines):
    """Write lines without ``sys.stderr``, in order with those that the C code writes."""
    data = memoryview("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    try:
        while data:
            data = data[os.write(2, data) :]
    except OSError:  # standard error is closed; the application runs
        return


def _read_limit(name):
    """The value of a variable in bytes, or None."""
    text = (_pypkg.environment(name) or "").strip()
    number = text.rstrip("BGKMbgkm").strip()
    unit = _UNITS.get(text[len(number) :].strip().lower())
    if not text:
        return None
    try:
        if unit is not None:
            return int(float(number) * unit)
    except (ValueError, OverflowError):
        pass
    _say([f"pypkg: {name} is ignored: expected bytes, or a number with kB, MB or GB, got '{text}'"])
    return None


def _report(file_limit, folder_limit):
    image = _pypkg.image()
    files = _Files(_pypkg.entries())
    lines = [
        f"pypkg: {sys.executable}",
        *_table(
            [
                ("  name", sys.pypkg.name),
                ("  target", sys.pypkg.target),
                ("  python", sys.version.partition(" ")[0]),
                ("  pypkg", sys.pypkg.version),
                ("  image", f"{image['size']} bytes, {image['entries']} entries, {image['modules']} modules"),
                ("  options", " ".join(image["options"]) or "none"),
                ("  mounts", "none"),
                *(("  sys.path" if number == 0 else "", item) for number, item in enumerate(image["search_path"])),
            ]
        ),
        "",
        "Files",
        *_table(files.rows(file_limit, folder_limit), right=2),
    ]
    if file_limit is None and folder_limit is None:
        large = files.rows(_FILE_LIMIT, _FOLDER_LIMIT)
        if len(large) > 1:
            lines += ["", "Files above 5 MB and folders above 10 MB", *_table(large, right=2)]
    return [*lines, "", "Modules", *_table(_module_rows(file_limit), right=2), ""]


class _Files:
    """The tree of the image, with the sizes of its folders."""

    def __init__(self, entries):
        self.entries = sorted(entries, key=lambda entry: entry[0].split("/") if entry[0] else [])
        self.sizes = {}
        for path, kind, _, _, _, stored, size, _ in self.entries:
            folder = path
            while folder and kind not in (_DIRECTORY, _LINK):
                folder = folder.rpartition("/")[0]
                total = self.sizes.get(folder, (0, 0))
                self.sizes[folder] = (total[0] + size, total[1] + stored)

    def rows(self, file_limit, folder_limit):
        """Rows of the table, with limits only of larger ones. Without a limit for folders that for files applies."""
        rows = [("size", "stored", "codec", "mode", "path")]
        for path, kind, codec, mode, withheld, stored, size, target in self.entries:
            shown_path = f"{_ROOT}/{path}" if path else _ROOT
            limit, sizes, shown = file_limit, (size, stored), "withheld" if withheld else _CODECS[codec]
            if kind == _DIRECTORY:
                limit = folder_limit if folder_limit is not None else file_limit
                shown_path, sizes, shown = shown_path + "/", self.sizes.get(path, (0, 0)), ""
            elif kind == _LINK:
                shown_path, shown = f"{shown_path} -> {target}", ""
            if limit is None or sizes[0] > limit:
                rows.append((*map(str, sizes), shown, f"{mode:04o}", shown_path))
        return rows


def _module_rows(limit):
    rows = [("size", "stored", "codec", "kind", "name", "file")]
    for name, kind, path, codec, stored, size in _pypkg.modules():
        if limit is None or size > limit:
            shown = _CODECS[codec] if size else ""
            rows.append((str(size), str(stored), shown, _KINDS[kind], name, f"{_ROOT}/{path}"))
    return rows


def _table(rows, right=0):
    """Rows as lines; the first ``right`` columns are aligned to the right, the last one is not padded."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [
            text.rjust(width) if column < right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[-1]]))
    return lines


def _trace_imports():
    """Write for each import where the module was found."""
    find_spec = _bootstrap._find_spec

    def traced(name, path, target=None):
        spec = find_spec(name, path, target)
        if spec is None:
            found = "not found"
        elif spec.origin is not None:
            found = spec.origin
        else:
            found = f"namespace {list(spec.submodule_search_locations or ())}"
        _say([f"pypkg: import {name}: {found}"])
        return spec

    _bootstrap._find_spec = traced
