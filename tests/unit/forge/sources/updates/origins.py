"""Small tables, and both origins as a server on this machine has them."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pypkg_core.targets.catalogue import DATA
from unit.http_server import HttpServer

__all__ = ["SOURCES", "TARGETS", "Origins", "digest", "write_tables"]

FEW = "few witnesses of this hash yet: compare with upstream's signature when updating"


def digest(what: str) -> str:
    """Return a hash that belongs to ``what``."""
    return hashlib.sha256(what.encode()).hexdigest()


def row(name: str, version: str, file: str, *more: str, url: str | None = None) -> str:
    urls = f'["{url or f"https://example.org/{version}/{file}"}"]' if url != "" else "[]"
    lines = [f'name = "{name}"', f'version = "{version}"', f'file = "{file}"', f'sha256 = "{digest(file)}"']
    return "\n".join(["[[sources]]", *lines, f"urls = {urls}", *more, 'licence = "MIT"', ""])


def debian(path: str, *, repacked: bool = False) -> tuple[str, ...]:
    file = path.rpartition("/")[2]
    return (f'debian = "pool/main/{path}"', *([f'debian_sha256 = "{digest(file)}"'] if repacked else []))


SOURCES = "\n".join(
    [
        "# Why these.\n",
        row("python", "3.12.14", "Python-3.12.14.tar.xz"),
        "# Belongs to 3.13.16.\n" + row("python", "3.13.16", "Python-3.13.16.tar.xz", f'note = "{FEW}"'),
        row("python", "3.13.5", "Python-3.13.5.tgz", *debian("p/python3.13/python3.13_3.13.5.orig.tar.gz")),
        row("openssl", "3.5.7", "openssl-3.5.7.tar.gz", *debian("o/openssl/openssl_3.5.7.orig.tar.gz")),
        row("zlib", "1.3.1", "zlib-1.3.1.tar.gz", *debian("z/zlib/zlib_1.3.dfsg.orig.tar.gz", repacked=True)),
        row(
            "libedit",
            "20240808-3.1",
            "e.tar.gz",
            *debian("libe/libedit/libedit_3.1-20250104.orig.tar.gz", repacked=True),
        ),
        row("sqlite", "3.46.1", "sqlite-src-3460100.tar.xz", *debian("s/sqlite3/sqlite3_3.46.1.orig.tar.xz"), url=""),
        "# The end.\n",
    ]
)

TARGETS = """\
# The versions.
[[versions]]
name = "312"
series = "3.12"
verified = true
pins = ["3.12.14"]

[[versions]]
name = "313"
series = "3.13"
verified = true
pins = [
    "3.13.16",  # the newest
    "3.13.5",
]

# The arches.
[[arches]]
name = "x64"
aliases = []
"""


def write_tables(folder: Path) -> Path:
    """Write the tables into ``folder`` and return sources.toml."""
    folder.mkdir(exist_ok=True)
    shutil.copy(DATA / "platforms.toml", folder)
    (folder / "targets.toml").write_text(TARGETS)
    (folder / "sources.toml").write_text(SOURCES)
    return folder / "sources.toml"


@dataclass
class Origins:
    """What the server has of upstream's API and of a Debian archive; `publish` puts it there.

    Attributes:
        releases: of upstream: version -> the fields of its archive that differ from those made up for it.
        suites: suite -> the stanzas of its index.
    """

    server: HttpServer
    releases: dict[str, dict[str, object]] = field(default_factory=dict)
    suites: dict[str, list[str]] = field(default_factory=dict)

    @property
    def api(self) -> str:
        return f"{self.server.url}/api"

    @property
    def archive(self) -> str:
        return f"{self.server.url}/debian"

    def package(self, suite: str, package: str, version: str, file: str, *, sha256: str | None = None) -> None:
        """Add a stanza, shaped as Debian's are; ``sha256`` of the file, if it is not that of its name."""
        folder = f"pool/main/{package[:1]}/{package}"
        self.suites.setdefault(suite, []).append(
            f"Package: {package}\nBinary: {package}, {package}-dev,\n {package}-doc\nVersion: {version}\n"
            f"Files:\n 0123456789abcdef0123456789abcdef 2000 {file}\nChecksums-Sha256:\n"
            f" {digest('dsc')} 1000 {package}_{version}.dsc\n {digest('asc')} 833 {file}.asc\n"
            f" {sha256 or digest(file)} {self.size(file)} {file}\n"
            f"Package-List:\n {package} deb libs optional arch=any\nDirectory: {folder}\n"
        )

    @staticmethod
    def size(file: str) -> int:
        return 2000 + len(file)

    def publish(self) -> None:
        """Put everything on the server."""
        listing = [{"name": "Python install manager 25.0", "resource_uri": f"{self.api}/release/1/"}]
        for number, (version, fields) in enumerate(self.releases.items(), 100):
            listing.append({"name": f"Python {version}", "resource_uri": f"{self.api}/release/{number}/"})
            file = f"Python-{version}.tar.xz"
            archive = {
                "name": "XZ compressed source tarball",
                "is_source": True,
                "url": f"https://example.org/{version}/{file}",
                "md5_sum": "0" * 32,
                "sha256_sum": digest(file),
                "filesize": self.size(file),
            }
            other = archive | {"url": f"https://example.org/{version}/Python-{version}.tgz", "filesize": 1}
            self.server.files[f"/api/release_file/?release={number}"] = json.dumps([other, archive | fields]).encode()
        listed = json.dumps(listing).encode()
        self.server.files["/api/release/?is_published=true&pre_release=false&version=3"] = listed
        for suite, stanzas in self.suites.items():
            self.server.files[f"/debian/dists/{suite}/main/source/Sources.xz"] = lzma.compress(
                "\n".join(stanzas).encode()
            )
