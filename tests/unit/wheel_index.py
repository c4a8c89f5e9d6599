"""An index of distributions, made by a test: wheels and sources as files, and the pages of PEP 503 that list them."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from unit.http_server import HttpServer

__all__ = ["WheelIndex", "wheel_bytes"]


def wheel_bytes(
    name: str,
    version: str,
    tag: str,
    files: Mapping[str, str | bytes],
    *,
    requires: Sequence[str] = (),
    entry_points: str = "",
    python: str = "",
    extras: Sequence[str] = (),
) -> bytes:
    """Return a wheel (packaging.python.org/specifications/binary-distribution-format).

    Args:
        name: as its metadata has it.
        tag: ``py3-none-any``.
        files: path in the wheel -> contents; the metadata is added.
    """
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Python: {python}"] if python else []
    metadata += [f"Provides-Extra: {item}" for item in extras]
    metadata += [f"Requires-Dist: {item}" for item in requires]
    pythons, abis, platforms = tag.split("-")
    tags = [f"{p}-{a}-{m}" for p in pythons.split(".") for a in abis.split(".") for m in platforms.split(".")]
    pure = "true" if platforms == "any" else "false"
    everything: dict[str, str | bytes] = {**files, f"{info}/METADATA": "\n".join(metadata) + "\n\n"}
    lines = ["Wheel-Version: 1.0", "Generator: test", f"Root-Is-Purelib: {pure}", *(f"Tag: {item}" for item in tags)]
    everything[f"{info}/WHEEL"] = "\n".join(lines) + "\n"
    if entry_points:
        everything[f"{info}/entry_points.txt"] = entry_points
    record = []
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, contents in everything.items():
            data = contents.encode() if isinstance(contents, str) else contents
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "".join([*record, f"{info}/RECORD,,\n"]))
    return buffer.getvalue()


@dataclass
class WheelIndex:
    """Files, and the pages that list them.

    Attributes:
        files: name of a file -> its contents.
        projects: normalised name -> the names of its files.
        yanked: files that were withdrawn -> why.
        wrong: files whose hash on the page is another.
        pythons: file -> the versions of Python that it is for.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    projects: dict[str, list[str]] = field(default_factory=dict)
    yanked: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    pythons: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        name: str,
        version: str,
        tag: str,
        files: Mapping[str, str | bytes],
        *,
        requires: Sequence[str] = (),
        entry_points: str = "",
        python: str = "",
        yanked: str | None = None,
    ) -> str:
        """Add a wheel; return the name of its file."""
        file = f"{name.replace('-', '_')}-{version}-{tag}.whl"
        self.files[file] = wheel_bytes(
            name, version, tag, files, requires=requires, entry_points=entry_points, python=python
        )
        self.pythons[file] = python
        self.projects.setdefault(canonicalize_name(name), []).append(file)
        if yanked is not None:
            self.yanked[file] = yanked
        return file

    def add_source(self, name: str, version: str) -> None:
        """Add a source distribution, which nothing may open."""
        file = f"{name}-{version}.tar.gz"
        self.files[file] = b"not an archive"
        self.projects.setdefault(canonicalize_name(name), []).append(file)

    def sha256(self, file: str) -> str:
        """Return the hash of a file."""
        return hashlib.sha256(self.files[file]).hexdigest()

    def serve(self, server: HttpServer) -> None:
        """Let a server serve the index at ``/simple/``, and nothing else."""
        server.files = {f"/files/{file}": data for file, data in self.files.items()}
        for project, files in self.projects.items():
            path = f"/simple/{project}/"
            server.files[path] = self._page(files, "/files/").encode()
            server.headers[path] = {"Content-Type": "text/html"}

    def write(self, directory: Path) -> Path:
        """Write the files into a directory, for ``--find-links``; return it."""
        directory.mkdir(parents=True, exist_ok=True)
        for file, data in self.files.items():
            (directory / file).write_bytes(data)
        return directory

    def _page(self, files: Sequence[str], prefix: str) -> str:
        lines = ["<!DOCTYPE html><html><body>"]
        for file in files:
            digest = "0" * 64 if file in self.wrong else self.sha256(file)
            yanked = f' data-yanked="{self.yanked[file]}"' if file in self.yanked else ""
            python = html.escape(self.pythons.get(file, ""))
            requires = f' data-requires-python="{python}"' if python else ""
            lines.append(f'<a href="{prefix}{file}#sha256={digest}"{yanked}{requires}>{file}</a><br>')
        return "\n".join([*lines, "</body></html>"])
