"""The tree that both runs examine: the program in ``project``, and data of every kind."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import plistlib
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import wave
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pypkg_core.targets.catalogue import catalogue

from .certificates import add_certificates

__all__ = ["PROJECT_NAME", "make_tree", "seal"]

PROJECT_NAME = "conformance"
SOURCE = Path(__file__).parent / "project"
# The modification time of every packaged file: docs/image-format.md, "Entry".
MTIME = 315532800
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
CHAIN_LENGTH = 42
ARCHIVES: Mapping[str, Literal["w", "w:gz", "w:bz2", "w:xz"]] = {
    "pack.tar": "w",
    "pack.tar.gz": "w:gz",
    "pack.tar.bz2": "w:bz2",
    "pack.tar.xz": "w:xz",
}

ODD_NAMES = (
    "with space.txt",
    " leading",
    "trailing ",
    "ünï ☃ 漢字.txt",
    "caf\u00e9",
    "cafe\u0301",
    "n" * 255,
    "é" * 127,
    "new\nline",
    "tab\tand\rreturn",
    "-dash",
    "--help",
    "quote'\"`",
    "back\\slash",
    "star*[x]?.txt",
    "#hash%20?x=1&y",
    ".hidden",
    "..two",
    "...",
    "~",
    "$HOME",
    "CON",
    "bell\x07\x1b[0m",
    "a:b|c<d>",
    "{brace}",
    "\U0001f600",
)

LINKS: Mapping[str, str] = {
    "relative": "../plain/a.txt",
    "directory": "../plain",
    "up": "..",
    "through": "directory/a.txt",
    "dangling": "../plain/none",
    "loop": "loop",
    "ping": "pong",
    "pong": "ping",
    "to_empty": "../empty",
    "to_link": "relative",
    "with_dots": "./../links/.././plain/a.txt",
    "with_slash": "../plain/",
    "file_with_slash": "../plain/a.txt/",
    "below_a_file": "../plain/a.txt/x",
    "self_directory": ".",
    "to_library": "../../library",
    "to_database": "../databases/plain.db",
    "to_program": "../plain/run.sh",
    "to_script": "../../scripts/hello.py",
    "long": "./" * 1000 + "relative",
}


def make_tree(folder: Path, *, large: int, arch: str) -> None:
    """Fill a directory with the project and ``site-packages``.

    Args:
        folder: an empty directory; its path becomes part of absolute links, which are valid in both runs.
        large: size of the large file in bytes.
        arch: of the libraries: musl's loader would load those of another processor, and run them.
    """
    project = folder / PROJECT_NAME
    shutil.copytree(SOURCE, project, ignore=shutil.ignore_patterns("__pycache__"))
    data = project / "data"
    (data / "empty").mkdir(parents=True)
    (project / "emptyspace").mkdir()
    _files(data)
    _links(data, project)
    _archives(data / "archives")
    _databases(data / "databases")
    _texts(data / "text")
    add_certificates(data / "tls")
    _libraries(data / "native", arch)
    _large(data / "large.bin", large)
    _site_packages(folder / "site-packages")


def seal(folder: Path) -> None:
    """Set the modes and times of everything below a directory to those of packaged files."""
    for top, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            path = Path(top, name)
            if not path.is_symlink():
                path.chmod(
                    0o555 if path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100) else 0o444
                )
            os.utime(path, (MTIME, MTIME), follow_symlinks=False)
    folder.chmod(0o555)
    os.utime(folder, (MTIME, MTIME))


def _put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _files(data: Path) -> None:
    _put(data / "plain" / "a.txt", "text data\nsecond line\n")
    _put(data / "plain" / "b.bin", bytes(range(256)) * 40)
    _put(data / "plain" / "empty", b"")
    _put(data / "plain" / "run.sh", "#!/bin/sh\necho run\n").chmod(0o755)
    _put(data / "plain" / "object.pickle", pickle.dumps({"a": [1, 2]}, 4))
    _put(data / "nested" / "one" / "c.txt", "c\n")
    _put(data / "nested" / "one" / "two" / "d.txt", "d\n")
    _put(data / "nested" / "e.bin", bytes(5000))
    (data / "nested" / "one" / "none").mkdir()
    for number, name in enumerate(ODD_NAMES):
        _put(data / "odd" / name, f"{number}")
    _put(data / "odd" / "a folder ☃\n" / "inner file", "inner")
    _put(data.joinpath(*["d" * 40] * 20, "end.txt"), "end")
    _put(data / "plugins" / "plugin.py", '"""A plug-in: data that is code."""\n\nVALUE = "plugin"\n')


def _links(data: Path, project: Path) -> None:
    links = data / "links"
    links.mkdir()
    for name, target in LINKS.items():
        (links / name).symlink_to(target)
    (links / "absolute").symlink_to(project / "data" / "plain" / "a.txt")
    (links / "absolute_directory").symlink_to(project / "data" / "plain")
    (links / "chain").mkdir()
    _put(links / "chain" / "0", "end of the chain\n")
    for number in range(1, CHAIN_LENGTH + 1):
        (links / "chain" / str(number)).symlink_to(str(number - 1))
    _put(data / "walked" / "here.txt", "here\n")
    (data / "walked" / "there").symlink_to("../nested/one")
    _put(data / "dangling" / "file", "file\n")
    (data / "dangling" / "link").symlink_to("none")


def _archives(folder: Path) -> None:
    folder.mkdir()
    members = {"one.txt": b"one\n", "folder/two.txt": b"two two\n" * 50, "folder/three.bin": bytes(3000)}
    modules = {
        "zipped_one.py": b"VALUE = 'zipped_one'\n",
        "zipped_package/__init__.py": b"",
        "zipped_package/inner.py": b"VALUE = 'inner'\n",
        "zipped_package/data.txt": b"zipped data\n",
        "below/zipped_below.py": b"VALUE = 'below'\n",
    }
    _zip(folder / "pack.zip", members, zipfile.ZIP_DEFLATED)
    _zip(folder / "modules.zip", modules, zipfile.ZIP_STORED)
    _zip(
        folder / "program.zip", {"__main__.py": b"VALUE = 'zipped'\nprint('zipped', __name__)\n"}, zipfile.ZIP_DEFLATED
    )
    for name, mode in ARCHIVES.items():
        with tarfile.open(folder / name, mode) as archive:
            for member, content in members.items():
                info = tarfile.TarInfo(member)
                info.size, info.mtime = len(content), MTIME
                archive.addfile(info, io.BytesIO(content))
    text = b"compressed text\n" * 100
    _put(folder / "text.gz", gzip.compress(text))
    _put(folder / "text.bz2", bz2.compress(text))
    _put(folder / "text.xz", lzma.compress(text))


def _zip(path: Path, members: Mapping[str, bytes], compression: int) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), content, compression)


def _databases(folder: Path) -> None:
    folder.mkdir()
    for name in ("plain", "wal"):
        connection = sqlite3.connect(folder / f"{name}.db")
        connection.executescript(
            f"PRAGMA journal_mode = {'wal' if name == 'wal' else 'delete'};"
            "CREATE TABLE things (name TEXT PRIMARY KEY, data BLOB); CREATE VIRTUAL TABLE texts USING fts5(body);"
        )
        with connection:
            connection.executemany(
                "INSERT INTO things VALUES (?, ?)", [("alpha", bytes(10000)), ("beta", b"b"), ("gamma", None)]
            )
            connection.execute("INSERT INTO texts VALUES ('lock the door')")
        connection.close()


def _texts(folder: Path) -> None:
    _put(folder / "settings.ini", "[first]\nkey = value\n")
    _put(folder / "settings.toml", 'key = "value"\nlist = [1, 2]\n')
    _put(folder / "settings.json", '{"key": "välue"}')
    _put(folder / "settings.plist", plistlib.dumps({"key": "value"}))
    _put(folder / "table.csv", "a,b\n1,x\n2,y\n")
    _put(folder / "page.xml", '<page title="home"/>')
    _put(folder / "netrc", "machine example.org login ada password secret\n")
    _put(folder / "mime.types", "application/x-conform conform\n")
    _put(folder / "session.txt", "A session:\n\n    >>> 1 + 1\n    2\n    >>> 1 / 2\n    1\n")
    _put(
        folder / "logging.ini",
        "[loggers]\nkeys=root,app\n[handlers]\nkeys=file\n[formatters]\nkeys=plain\n[logger_root]\nhandlers=\n"
        "[logger_app]\nlevel=INFO\nhandlers=file\nqualname=app\n[handler_file]\nclass=FileHandler\n"
        "formatter=plain\nargs=('%(target)s',)\n[formatter_plain]\nformat=%(levelname)s:%(filename)s:%(message)s\n",
    )
    _put(folder / "logging.json", '{"version": 1, "disable_existing_loggers": false}')
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(80))
    boundary = "==part=="
    _put(
        folder / "message.eml",
        f"From: ada@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n--{boundary}\nContent-Type: text/plain\n\nHello.\n'
        f'--{boundary}\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="x.bin"\n'
        f"Content-Transfer-Encoding: base64\n\nAAEC\n--{boundary}--\n",
    )
    messages = {
        "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n",
        "door": "Tür",
        "%d door\0%d doors": "%d Tür\0%d Türen",
    }
    _put(folder / "locale" / "de" / "LC_MESSAGES" / "app.mo", _catalogue(messages))
    _put(folder / "zones" / "Test" / "Place", _zone("TST", 7200))
    _put(folder / "zones" / "Test" / "Other", _zone("OTH", -3600))


def _catalogue(messages: Mapping[str, str]) -> bytes:
    """A compiled message catalogue (GNU gettext manual, "The Format of GNU MO Files")."""
    items = sorted((key.encode(), value.encode()) for key, value in messages.items())
    start = 28 + 16 * len(items)
    tables, texts = [b"", b""], b""
    for column in (0, 1):
        for item in items:
            tables[column] += struct.pack("<II", len(item[column]), start + len(texts))
            texts += item[column] + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(items), 28, 28 + 8 * len(items), 0, start)
    return header + tables[0] + tables[1] + texts


def _zone(name: str, offset: int) -> bytes:
    """A zone with summer time from April to October 2024 (RFC 8536, version 1)."""
    moments = (1711933200, 1730422800)
    names = f"{name}\0{name[:2]}S\0".encode()
    return (
        b"TZif\0"
        + bytes(15)
        + struct.pack(">6I", 0, 0, 0, len(moments), 2, len(names))
        + struct.pack(">2l", *moments)
        + bytes((1, 0))
        + struct.pack(">lBBlBB", offset, 0, 0, offset + 3600, 1, 4)
        + names
    )


def _libraries(folder: Path, arch: str) -> None:
    """Compile libraries for Linux that need no libc, so that any loader accepts them."""
    folder.mkdir()
    machine = catalogue().machines["linux", arch]
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        machine.triple,
        *(() if machine.cpu is None else (f"-mcpu={machine.cpu}",)),
        "-shared",
        "-fPIC",
        "-nostdlib",
    ]
    sources = {
        "libanswer.so": "static int calls; int answer(void) { return 42; } int count(void) { return ++calls; }",
        "libbase.so": "int base(void) { return 43; }",
        # It finds its library in its own directory.
        "libasking.so": "int base(void); int answer(void) { return base(); }",
    }
    for name, text in sources.items():
        others: list[str | Path] = ["-L", folder, "-lbase", "-Wl,-rpath,$ORIGIN"] if name == "libasking.so" else []
        subprocess.run(
            [*command, "-O1", "-x", "c", "-", "-o", folder / name, *others],
            input=text.encode(),
            check=True,
            capture_output=True,
        )
    (folder / "libanswer.so.1").symlink_to("libanswer.so")


def _large(path: Path, size: int) -> None:
    block = random.Random(size).randbytes(1 << 20)  # noqa: S311 - the same bytes every time
    with path.open("wb") as stream:
        for number in range(-(-size // len(block))):
            stream.write(number.to_bytes(8, "little") + block[8 : min(len(block), size - number * len(block))])


def _site_packages(site: Path) -> None:
    files = {
        "sample/__init__.py": '"""An installed package."""\n\nVALUE = "sample"\n',
        "sample/__main__.py": 'VALUE = "sample main"\nprint("sample", __name__)\n',
        "sample/part.py": 'VALUE = "part"\n\n\ndef first():\n    return "first"\n\n\n'
        'def second():\n    return "second"\n',
        "sample/words.txt": "words\n",
        "sample/data/deep.txt": "deep\n",
        "space/two.py": 'VALUE = "two"\n',
        "space/there.txt": "there\n",
        "space/common/there.txt": "there\n",
        "extended/second.py": 'VALUE = "second"\n',
    }
    info = {
        "METADATA": "Metadata-Version: 2.1\nName: sample\nVersion: 1.4.2\nSummary: A sample\nLicense: MIT\n"
        'Requires-Dist: sample.dotted-name>=1\nRequires-Dist: other; extra == "more"\nProvides-Extra: more\n\nText.\n',
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "top_level.txt": "sample\nspace\nextended\n",
        "entry_points.txt": "[console_scripts]\nsample = sample.part:first\n\n[conformance.plugins]\n"
        "first = sample.part:first\nsecond = sample.part:second [more]\n\n"
        "[conformance.broken]\nbroken = sample.none:x\n",
    }
    _distribution(site, "sample-1.4.2", files, info)
    dotted = {"METADATA": "Metadata-Version: 2.1\nName: sample.dotted-name\nVersion: 2.0\n\n", "WHEEL": info["WHEEL"]}
    _distribution(site, "sample_dotted_name-2.0", {"sample_dotted.py": 'VALUE = "dotted"\n'}, dotted)
    zones = {f"tzdata/{name}__init__.py": "" for name in ("", "zoneinfo/", "zoneinfo/Sample/")}
    tzdata = {"METADATA": "Metadata-Version: 2.1\nName: tzdata\nVersion: 2024.1\n\n", "WHEEL": info["WHEEL"]}
    _put(site / "tzdata" / "zoneinfo" / "Sample" / "City", _zone("SCT", 3600))
    _put(site / "tzdata" / "zones", "Sample/City\n")
    _distribution(site, "tzdata-2024.1", zones, tzdata, ["tzdata/zones", "tzdata/zoneinfo/Sample/City"])


def _distribution(
    site: Path, name: str, files: Mapping[str, str], info: Mapping[str, str], others: list[str] | None = None
) -> None:
    """Write an installed distribution; its RECORD is the one of the wheel, as after packaging."""
    folder = f"{name}.dist-info"
    everything = {**files, **{f"{folder}/{key}": value for key, value in info.items()}}
    for path, content in everything.items():
        _put(site / path, content)
    lines = [f"{path},sha256=c2Ft,{len(content.encode())}" for path, content in everything.items()]
    lines += [f"{path},," for path in [*(others or []), f"{folder}/RECORD"]]
    _put(site / folder / "RECORD", "".join(f"{line}\n" for line in sorted(lines)))
