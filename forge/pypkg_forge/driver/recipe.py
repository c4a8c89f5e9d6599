"""The recipe of a base: everything that can change its bytes, and the keys computed from it."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pypkg_core
from pypkg_core.errors import PypkgError
from pypkg_core.reproducible import source_date_epoch
from pypkg_core.targets.catalogue import Build, Target
from pypkg_forge.data import HERE, data_dir
from pypkg_forge.sources.pins import DEPENDENCIES, Pin, candidates
from pypkg_forge.sources.trees import patches_sha256
from pypkg_forge.toolchain.wrappers import wrapper_key

__all__ = ["REDIRECT_HEADER", "Choice", "Recipe", "files_sha256", "make_recipe", "recorded_choices", "why_not"]

# The parts of the forge and the core that affect the bytes of a base.
_FORGE_FILES: Final = ("driver/stdlib.py", "driver/assembly.py", "data/compile_stdlib.py")
# Force-included into CPython and some dependencies; below patches/.
REDIRECT_HEADER: Final = Path("runtime", "posix", "redirect.h")
_CORE_PARTS: Final = ("image", "binaries", "_marshal.c", "_marshal_nodes.h")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A chosen archive: its pin, and the hash of the form that was found."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that a build depends on."""

    target: Target
    build: Build
    python: Choice
    dependencies: tuple[Choice, ...]
    zig: str
    epoch: int

    @property
    def key(self) -> str:
        """The key of the whole recipe: bases with the same key are the same."""
        facts = self.target.facts
        return _digest(
            self.objects_key,
            self._dependency_part,
            files_sha256(data_dir("patches") / "runtime"),
            files_sha256(data_dir("cmake")),
            _code_sha256(),
            [self.build.base_ldflags, self.build.libs, facts.os, facts.snapshot_root],
        )

    @property
    def _dependency_part(self) -> list[tuple[str, str, str]]:
        return [(choice.name, choice.version, choice.sha256) for choice in self.dependencies]

    @property
    def prefix_key(self) -> str:
        """The key of all dependencies; a change empties their directory."""
        return _digest(self._dependency_part, self._toolchain_part)

    @property
    def _toolchain_part(self) -> list[object]:
        cmake = data_dir("cmake")
        files = [cmake / "toolchain.cmake", cmake / "settings.cmake"]
        build = self.build
        triple = self.target.machine.triple
        return [
            triple,
            self.zig,
            self.epoch,
            build.cflags,
            build.ldflags,
            build.openssl,
            build.openssl_cflags,
            wrapper_key(triple),
            _hash(files),
        ]

    def dependency_key(self, name: str, *, redirected: bool) -> str:
        """Return the key of a dependency with its own build system; ``redirected``: it includes the redirect header."""
        cmake = data_dir("cmake") / "dependencies"
        files = [cmake / f"{name}.cmake", cmake / "foreign.cmake", *cmake.glob(f"*{name}*.sh")]
        if redirected:
            files.append(data_dir("patches") / REDIRECT_HEADER)
        chosen = next(choice for choice in self.dependencies if choice.name == name)
        return _digest(self._toolchain_part, chosen.sha256, _hash(sorted(files)))[:16]

    @property
    def configure_key(self) -> str:
        """The key of CPython's configure."""
        build = self.build
        return _digest(
            self.target.name,
            self.python.sha256,
            patches_sha256(self.target.series),
            self.prefix_key,
            build.python_cflags,
            _hash([data_dir("cmake") / "python" / "posix" / "configure.cmake"]),
        )[:16]

    @property
    def profile(self) -> Path | None:
        """The sample profile for optimising CPython (``patches/README.md``), ``None`` if the series has none."""
        path = data_dir("patches") / "profiles" / f"{self.target.series}.txt"
        return path if path.is_file() else None

    @property
    def objects_key(self) -> str:
        """The key of every object of CPython, apart from its source."""
        files = [data_dir("patches") / REDIRECT_HEADER]
        files += [self.profile] if self.profile is not None else []
        return _digest(self.configure_key, _hash(files))[:16]


def why_not(target: Target) -> str | None:
    """Return why a target cannot be built yet, or ``None`` if it can."""
    if target.machine.build is None:
        return f"the forge does not support {target.platform}-{target.arch} yet"
    if not (data_dir("patches") / target.series).is_dir():
        return f"there are no patches for Python {target.series} yet (patches/{target.series})"
    return None


def make_recipe(target: Target, choices: Mapping[str, Choice], *, zig: str) -> Recipe:
    """Return the recipe of a target.

    Args:
        choices: the archives by name: "python" and every dependency.
        zig: the version of the compiler.

    Raises:
        PypkgError: the target cannot be built yet.
    """
    reason = why_not(target)
    build = target.machine.build
    if reason is not None or build is None:
        raise PypkgError(f"Cannot build {target}: {reason}", hint="`pypkg-forge list` shows what can be built")
    return Recipe(
        target=target,
        build=build,
        python=choices["python"],
        dependencies=tuple(choices[name] for name in DEPENDENCIES),
        zig=zig,
        epoch=source_date_epoch(),
    )


def recorded_choices(target: Target, manifest: Mapping[str, object]) -> dict[str, Choice] | None:
    """Return the archives that a base was built from, by its manifest; ``None`` if one is no longer pinned."""
    recorded = manifest.get("sources")
    if not isinstance(recorded, dict):
        return None
    found: dict[str, Choice] = {}
    for name in ("python", *DEPENDENCIES):
        item = recorded.get(name)
        choice = _pinned(candidates(name, target.version if name == "python" else None), item)
        if choice is None:
            return None
        found[name] = choice
    return found


def _pinned(pins: Iterable[Pin], item: object) -> Choice | None:
    if not isinstance(item, dict):
        return None
    for pin in pins:
        if pin.version == item.get("version") and item.get("sha256") in {form.sha256 for form in pin.forms}:
            return Choice(name=pin.name, version=pin.version, sha256=item["sha256"])
    return None


def files_sha256(folder: Path) -> str:
    """Return a hash of the files below a directory: their relative paths and contents."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return _hash(sorted(files), folder)


@functools.cache
def _code_sha256() -> str:
    core = Path(pypkg_core.__file__).parent
    files = [HERE.parent / name for name in _FORGE_FILES]
    for part in _CORE_PARTS:
        # The C sources are not in a wheel.
        path = core / part
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
    return _hash(files)


def _hash(files: Sequence[Path], root: Path | None = None) -> str:
    digest = hashlib.sha256()
    for path in files:
        name = path.relative_to(root).as_posix() if root is not None else path.name
        data = path.read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
