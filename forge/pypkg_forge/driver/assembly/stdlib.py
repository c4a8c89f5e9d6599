"""The image of the standard library, compiled by the host Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core._core import normalize_marshal
from pypkg_core.errors import PypkgError
from pypkg_core.image import Codec, ImageBuilder, ModuleKind
from pypkg_core.names import module_name
from pypkg_core.snapshot import SITE_PACKAGES, stdlib_directory
from pypkg_core.targets.catalogue import Target

__all__ = ["LibraryFile", "build_image", "compile_files", "library_files"]

COMPILE_SCRIPT: Final = Path(__file__).parent / "compile_stdlib.py"

# Not in a base: modules that need Tk, tests, and what installs into site-packages, which is read-only.
_LEFT_OUT: Final = frozenset(
    {"__pycache__", "ensurepip", "idlelib", SITE_PACKAGES, "test", "tests", "tkinter", "turtle.py", "turtledemo"}
)
_DATA_SUFFIXES: Final = frozenset({".txt", ".css", ".csh", ".fish", ".ps1", ".cfg", ".xbm", ".pickle"})
_DATA_NAMES: Final = frozenset({"activate", "Activate.ps1"})


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryFile:
    """A file of the standard library: ``path`` is relative to ``lib/python3.X``, ``source`` the local file."""

    path: str
    source: Path

    @property
    def module(self) -> str | None:
        """The dotted name of the module, or ``None`` for a data file."""
        return module_name(self.path) or None


def library_files(lib: Path) -> Iterator[LibraryFile]:
    """Yield the files below CPython's ``Lib`` that belong to a base, sorted."""
    for path in sorted(lib.rglob("*")):
        relative = path.relative_to(lib)
        if not path.is_file() or any(part in _LEFT_OUT for part in relative.parts):
            continue
        if path.suffix == ".py" or path.suffix in _DATA_SUFFIXES or path.name in _DATA_NAMES:
            yield LibraryFile(path=relative.as_posix(), source=path)


def build_image(
    *,
    files: Sequence[LibraryFile],
    target: Target,
    codes: Mapping[str, bytes],
    epoch: int,
    manifest: Mapping[str, object],
) -> bytes:
    """Return the image of a base.

    Args:
        files: those of ``lib/python<series>``.
        target: of the base.
        codes: marshalled code by ``LibraryFile.path``.
        epoch: the date of every entry, in seconds since 1970.
        manifest: see docs/image-format.md.

    Raises:
        PypkgError: a file cannot be read, or two files have one path.
    """
    root = stdlib_directory(target.series)
    builder = ImageBuilder(epoch)
    for file in files:
        path = f"{root}/{file.path}"
        builder.add_file(path, file.source, codec=Codec.ZSTD)
        name = file.module
        if name is not None and file.path in codes:
            kind = ModuleKind.PACKAGE if file.path.endswith("/__init__.py") else ModuleKind.MODULE
            builder.add_module(name, kind, path, codes[file.path])
    builder.set_search_path([target.facts.snapshot_path(root)])
    builder.set_manifest(manifest)
    return builder.build()


def compile_files(
    python: Path, files: Sequence[LibraryFile], target: Target, *, jobs: int, environment: Mapping[str, str]
) -> dict[str, bytes]:
    """Compile the modules among ``files``, for a base of ``target``, with the interpreter ``python``.

    Returns marshalled code by path. The bytes of the code depend on the sources only, not on the number of processes.

    Args:
        environment: that of the interpreter.

    Raises:
        PypkgError: a file does not compile, or the interpreter fails.
    """
    modules = [file for file in files if file.module is not None]
    shares = [modules[index::jobs] for index in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda share: _compile_share(python, share, target, environment), shares)
        return {path: code for result in results for path, code in result.items()}


def _compile_share(
    python: Path, files: Sequence[LibraryFile], target: Target, environment: Mapping[str, str]
) -> dict[str, bytes]:
    root = stdlib_directory(target.series)
    request = [[str(file.source), target.facts.snapshot_path(f"{root}/{file.path}")] for file in files]
    done = subprocess.run(
        [python, "-I", "-S", "-W", "ignore", COMPILE_SCRIPT],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=False,
        env=dict(environment),
    )
    if done.returncode != 0:
        raise PypkgError(
            f"Cannot compile the standard library: {python.name} ended with code {done.returncode}",
            context={"output": done.stderr.decode(errors="replace").strip()},
        )
    codes: dict[str, bytes] = {}
    at = 0
    for file in files:
        size = int.from_bytes(done.stdout[at : at + 8], "little")
        codes[file.path] = normalize_marshal(done.stdout[at + 8 : at + 8 + size])
        at += 8 + size
    return codes
