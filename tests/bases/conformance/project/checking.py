"""Checks, and their results as data, so that two runs can be compared."""

import errno
import hashlib
import os
import re
import sys

GROUPS = (
    "files",
    "directories",
    "descriptors",
    "paths",
    "pathlib_",
    "names",
    "links",
    "writers",
    "shutil_",
    "temporary",
    "archives",
    "mmap_",
    "sqlite_",
    "tls",
    "native",
    "packages",
    "resources",
    "metadata",
    "running",
    "source",
    "text",
    "testing",
    "processes",
    "large",
)
PROJECT = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(PROJECT)
SITE = f"{ROOT}/site-packages"
DATA = f"{PROJECT}/data"
FILE = f"{DATA}/plain/a.txt"
PACKAGED = getattr(sys, "frozen", False)
LONG = 2000


def check(function):
    """Mark a check. Its result is data, or a dict of results by name."""
    function.is_check = True
    return function


def run_group(module, name):
    """Every check of a module, by name."""
    global _group  # noqa: PLW0603
    _group = name
    found = {}
    for key, function in list(vars(module).items()):
        if getattr(function, "is_check", False) and function.__module__ == module.__name__:
            found[key] = plain(outcome(function))
    return found


_group = ""


def scratch(name=""):
    """Return a new directory of the run, or a path in it."""
    folder = f"{os.environ['CONFORMANCE_SCRATCH']}/{_group}"
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    return f"{folder}/{name}" if name else folder


def outcome(function, *arguments, **options):
    """Return the result of a call, or the exception that it raises."""
    try:
        return function(*arguments, **options)
    except Exception as error:  # noqa: BLE001
        return error


def each(**calls):
    """The outcome of each call, a tuple of function and arguments."""
    return {name: outcome(call[0], *call[1:]) for name, call in calls.items()}


def normal(text):
    """Return a text without what differs between two runs: locations and addresses."""
    text = text.encode("utf-8", "backslashreplace").decode()
    for place, name in ((PROJECT, "{project}"), (SITE, "{site}"), (os.environ["CONFORMANCE_SCRATCH"], "{scratch}")):
        text = text.replace(place, name)
    text = re.sub(rf"{re.escape(ROOT)}(?![\w/])", "{root}", text)
    return re.sub(r"0x[0-9a-f]{6,}|(?<=position )\d+", "...", text)


def describe(error):
    """Return an exception as one line, without the hint that may follow the message of an OSError."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.errno in errno.errorcode:
        files = [repr(file) for file in (error.filename, error.filename2) if isinstance(file, (str, bytes))]
        return normal(" ".join([name, errno.errorcode[error.errno], " -> ".join(files)]).strip())
    return normal(f"{name}: {error}")


def plain(value):  # noqa: PLR0911
    """Return a value that JSON can represent."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, dict):
        return {normal(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value)
        if len(value) > LONG:
            return f"{len(value)} bytes, {hashlib.sha256(value).hexdigest()[:16]}"
        return normal(repr(value))
    if isinstance(value, str):
        return normal(value)
    return normal(repr(value))
