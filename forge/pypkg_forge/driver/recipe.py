"""The recipe of a base: everything that can change its bytes, and the keys computed from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from pypkg_core.errors import PypkgError
from pypkg_core.reproducible import source_date_epoch
from pypkg_core.targets.build_settings import Build
from pypkg_core.targets.catalogue import Target
from pypkg_forge.data import data_dir
from pypkg_forge.driver.inputs import Inputs, target_inputs
from pypkg_forge.sources.pins import Pin, candidates, pinned
from pypkg_forge.sources.trees import patches_sha256
from pypkg_forge.toolchain.environment import step_environment
from pypkg_forge.toolchain.wrappers import wrapper_key
from pypkg_forge.toolchain.zig import zig_flags

__all__ = ["Choice", "Recipe", "make_recipe", "recorded_choices", "sources", "why_not"]


# The settings of a build that only CPython, or only the base, is made with.
_FOR_PYTHON: Final = ("python_cflags", "base_ldflags", "libs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A chosen archive: its pin, and the hash of the form that was found."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that a build depends on; ``build`` has flags as zig needs them."""

    target: Target
    build: Build
    python: Choice
    dependencies: tuple[Choice, ...]
    inputs: Inputs
    zig: str
    epoch: int

    @property
    def key(self) -> str:
        """The key of the whole recipe: bases with the same key are the same."""
        facts = self.target.facts
        return _digest(
            self.objects_key,
            self._dependency_part,
            self.inputs.everything(),
            [self.build.base_ldflags, self.build.libs, facts.os, facts.snapshot_root],
            self.contents,
        )

    @property
    def contents(self) -> dict[str, dict[str, str]]:
        """What is in the base, for manifests: the release and the licence (SPDX expression) of each part, by name.

        Raises:
            PypkgError: an archive has no pin.
        """
        parts = (self.python, *self.dependencies)
        found = {part.name: pinned(part.name, part.version) for part in parts}
        return {
            "libraries": {part.name: found[part.name].release(part.sha256) for part in self.dependencies},
            "licences": {name: pin.licence for name, pin in found.items()},
        }

    @property
    def _dependency_part(self) -> list[tuple[str, str, str]]:
        return [(choice.name, choice.version, choice.sha256) for choice in self.dependencies]

    @property
    def prefix_key(self) -> str:
        """The key of all dependencies; a change empties their directory."""
        return _digest(self._dependency_part, self._toolchain_part)

    @property
    def _toolchain_part(self) -> list[object]:
        build = {name: value for name, value in asdict(self.build).items() if name not in _FOR_PYTHON}
        return [
            self.target.machine.triple,
            self.target.machine.cpu,
            self.zig,
            self.epoch,
            build,
            self._wrappers,
            step_environment(epoch=self.epoch, callers={}),
            self.inputs.toolchain(),
        ]

    @property
    def _wrappers(self) -> dict[str, str]:
        return wrapper_key(self.target.machine, self.build.indirect, self.inputs.front)

    def dependency_key(self, choice: Choice) -> str:
        """Return the key of one of ``dependencies``."""
        return _digest(self._toolchain_part, choice.sha256, self.inputs.dependency(choice.name))[:16]

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
            self.inputs.configure(),
        )[:16]

    @property
    def host_python_key(self) -> str:
        """The key of the host Python, apart from the folder of its sources."""
        return _digest(
            self.python.sha256,
            patches_sha256(self.target.series),
            self.zig,
            self._wrappers["pypkg-host-cc"],
            step_environment(epoch=self.epoch, callers={}),
        )

    @property
    def profile(self) -> Path | None:
        """The sample profile for optimising CPython, ``None`` if the series has none."""
        return self.inputs.profile(self.target.series)

    @property
    def objects_key(self) -> str:
        """The key of every object of CPython, apart from its source."""
        return _digest(self.configure_key, self.inputs.objects(self.target.series))[:16]


def why_not(target: Target) -> str | None:
    """Return why a target cannot be built yet, or ``None`` if it can."""
    if target.build is None:
        return f"the forge does not support {target.platform}-{target.arch} yet"
    if not (data_dir("patches") / target.series).is_dir():
        return f"Python {target.series} is not yet available: there are no patches for it (patches/{target.series})"
    return None


def sources(target: Target) -> dict[str, tuple[Pin, ...]]:
    """Return the archives that a base of ``target`` is made from, by name, each with its pins in order of preference.

    Raises:
        PypkgError: the target cannot be built yet.
    """
    build = _build(target)
    return {"python": candidates("python", target.version)} | {name: candidates(name) for name in build.dependencies}


def _build(target: Target) -> Build:
    reason = why_not(target)
    build = target.build
    if reason is not None or build is None:
        raise PypkgError(f"Cannot build {target}: {reason}", hint="`pypkg-forge list` shows what can be built")
    return build


def make_recipe(target: Target, choices: Mapping[str, Choice], *, zig: str) -> Recipe:
    """Return the recipe of a target.

    Args:
        choices: the archives by name: those that `sources` returns.
        zig: the version of the compiler.

    Raises:
        PypkgError: the target cannot be built yet, or zig would not do what its flags say.
    """
    build = _build(target)
    return Recipe(
        target=target,
        build=replace(
            build,
            cflags=zig_flags(build.cflags),
            hardening_cflags=zig_flags((*build.hardening_cflags, *build.guard_cflags)),
            python_cflags=zig_flags(build.python_cflags),
            openssl_cflags=zig_flags(build.openssl_cflags),
        ),
        python=choices["python"],
        dependencies=tuple(choices[name] for name in build.dependencies),
        inputs=target_inputs(target),
        zig=zig,
        epoch=source_date_epoch(),
    )


def recorded_choices(target: Target, manifest: Mapping[str, object]) -> dict[str, Choice] | None:
    """Return the archives that a base was built from, by its manifest; ``None`` if one is no longer pinned."""
    recorded = manifest.get("sources")
    if not isinstance(recorded, dict):
        return None
    found: dict[str, Choice] = {}
    for name, pins in sources(target).items():
        choice = _pinned(pins, recorded.get(name))
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


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
