"""Small environments and projects, made of text, and their payloads."""

from __future__ import annotations

import functools
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pypkg.collect.meipass import FOLDER as MEIPASS
from pypkg.collect.session import collect
from pypkg.compile.compiler import Compiler
from pypkg.diagnostics import Severity
from pypkg.environment.index import Index
from pypkg.environment.interpreter import Environment
from pypkg.environment.interpreter import inspect as inspect_environment
from pypkg.environment.resolution import Resolution
from pypkg.graph.context import GraphContext, start_context
from pypkg.graph.walk import Walk
from pypkg.graph.walker import Walker
from pypkg.items import Payload
from pypkg.project.config import load_config
from pypkg.project.project import load_project
from pypkg_core.names import module_name
from pypkg_core.targets.catalogue import Target

VERSION = f"{sys.version_info.major}{sys.version_info.minor}"
RELEASE = ".".join(map(str, sys.version_info[:3]))
SERIES = f"{sys.version_info.major}.{sys.version_info.minor}"
ADDON = f".cpython-{VERSION}-x86_64-linux-gnu.so"


def elf(machine: int = 62) -> bytes:
    """Return the first 64 bytes of a shared library: an ELF header of a little-endian 64-bit machine, no sections."""
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    return ident + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)


class World:
    """A project and the virtual environment beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.project = directory / "project"
        self.environment = directory / "env"
        self.site = self.environment / "lib" / f"python{SERIES}" / "site-packages"
        self.cache = directory / "cache"
        self.resolution = Resolution(index=Index(no_index=True))
        self.site.mkdir(parents=True)
        self.project.mkdir()
        interpreter = self.environment / "bin" / "python3"
        interpreter.parent.mkdir()
        interpreter.symlink_to(os.path.realpath(sys.executable))
        home = Path(os.path.realpath(sys.executable)).parent
        (self.environment / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")

    def write(self, files: Mapping[str, str | bytes], root: Path | None = None) -> None:
        """Write files below the project, or another directory."""
        for name, text in files.items():
            path = (root or self.project) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def install(
        self,
        name: str,
        files: Mapping[str, str | bytes],
        *,
        requires: list[str] | None = None,
        extras: list[str] | None = None,
        entry_points: str = "",
        version: str = "1.0",
        tag: str = "",
        direct_url: str = "",
    ) -> None:
        """Install a distribution the way pip does.

        Args:
            tag: of the wheel that it was installed from.
            direct_url: where it came from, if not from an index.
        """
        info = f"{name}-{version}.dist-info"
        headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        headers += [f"Requires-Dist: {item}" for item in requires or []]
        headers += [f"Provides-Extra: {item}" for item in extras or []]
        everything = {
            **files,
            f"{info}/METADATA": "\n".join(headers) + "\n\nA description\n",
            f"{info}/INSTALLER": "pip\n",
            f"{info}/REQUESTED": "",
        }
        if tag:
            everything[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nTag: {tag}\n"
        if direct_url:
            everything[f"{info}/direct_url.json"] = f'{{"url": "{direct_url}"}}'
        if entry_points:
            everything[f"{info}/entry_points.txt"] = entry_points
        lines = [f"{path},sha256=x,1" for path in everything]
        lines += ["../../../bin/program,sha256=x,1", f"{name}/__pycache__/x.cpython-311.pyc,,", f"{info}/RECORD,,"]
        everything[f"{info}/RECORD"] = "\n".join(lines) + "\n"
        self.write(everything, self.site)

    def collect(self, entry: str = "app.py", platform: str = "linux", arch: str = "x64") -> Payload:
        """Collect ``entry`` of the project for this Python's version."""
        with self.context(entry, platform, arch) as context:
            return collect(context, self.inspect(), self.resolution, cache=self.cache / "wheels")

    def walk(self, entry: str = "app.py", platform: str = "linux") -> Walk:
        """Walk ``entry`` of the project once, for this Python's version."""
        with self.context(entry, platform) as context:
            return Walker(context).run()

    @contextmanager
    def context(self, entry: str, platform: str = "linux", arch: str = "x64") -> Iterator[GraphContext]:
        """Give what walks of ``entry`` work with."""
        project = load_project(self.project / entry if entry else self.project)
        target = Target(version=VERSION, platform=platform, arch=arch)
        with self._compiler(target) as compiler:
            yield start_context(
                project,
                load_config(project, None),
                target,
                release=RELEASE,
                stdlib=stdlib_modules(),
                environment=self.inspect(),
                compiler=compiler,
            )

    def inspect(self) -> Environment:
        """Return the environment."""
        return inspect_environment(self.environment / "bin" / "python3")

    def _compiler(self, target: Target) -> Compiler:
        return Compiler(
            version=sys.version_info[:2],
            platform=target.facts,
            pythons=[Path(sys.executable)],
            cache=self.cache / "compile",
            jobs=1,
        )


@functools.cache
def stdlib_modules() -> frozenset[str]:
    """Return the names of the standard library's modules, as a base lists them."""
    root = Path(os.__file__).parent
    files = (path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    found = {module_name(file) for file in files if not file.startswith("site-packages/")}
    return frozenset(found - {""}) | sys.stdlib_module_names


def names(found: Payload | Walk) -> set[str]:
    """Return the names of the modules of a payload or walk."""
    return set(found.modules()) if isinstance(found, Walk) else {module.name for module in found.modules}


def paths(payload: Payload) -> set[str]:
    """Return the paths of a payload's files."""
    return {file.path for file in payload.files}


def links(payload: Payload) -> dict[str, str]:
    """The links but for those of ``sys._MEIPASS``, which lead to everything."""
    return {path: target for path, target in payload.links.items() if not path.startswith(f"{MEIPASS}/")}


def warnings(found: Payload | Walk) -> list[str]:
    """Return the warnings of a payload or walk as they are printed."""
    return [str(item) for item in found.diagnostics.of(Severity.WARNING)]


def notices(payload: Payload) -> list[str]:
    """Return a payload's notices as they are printed."""
    return [str(item) for item in payload.diagnostics.of(Severity.NOTICE)]


def details(found: Payload | Walk) -> list[str]:
    """Return the details of a payload or walk as they are printed."""
    return [str(item) for item in found.diagnostics.of(Severity.DETAIL)]
