"""From an environment to a collection: everything the application needs that is not in the base."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pypkg.collect.builder import Contents
from pypkg.compile.compiler import Compiler, candidates
from pypkg.compile.pool import Facts
from pypkg.environment import wheels
from pypkg.environment.distributions import Installed
from pypkg.environment.fit import system_name
from pypkg.environment.interpreter import Environment, find_python, inspect
from pypkg.graph.dictionary import Dictionary, load_dictionary
from pypkg.graph.entry import Application, project_roots, start_application
from pypkg.graph.fate import Fate, classify
from pypkg.graph.resolver import Resolver, Root
from pypkg.graph.walker import Walk, Walker
from pypkg.items import Collection
from pypkg.project.config import Config
from pypkg.project.project import Project
from pypkg_core.binaries import read_image
from pypkg_core.cache import cache_root
from pypkg_core.errors import PypkgError
from pypkg_core.snapshot import SITE_PACKAGES, snapshot_path, stdlib_directory
from pypkg_core.targets.catalogue import Target

__all__ = ["collect"]

# Parts of the import system that are frozen into every interpreter and in no list of its modules.
_FROZEN: Final = frozenset({"_frozen_importlib", "_frozen_importlib_external"})


def collect(
    project: Project,
    target: Target,
    python: Path | None,
    base: Path | None,
    config: Config,
    *,
    stdlib: Names[str] | None = None,
    host_base: Path | None = None,
    cache: Path | None = None,
    jobs: int | None = None,
    optimize: int = 0,
) -> Collection:
    """Walk a project and gather what goes into its executable.

    Args:
        project: what is packaged.
        target: what for.
        python: interpreter (or environment directory) of ``--python``; ``None`` looks for one.
        base: the target's base; ``None`` when only an interpreter of the same version is there to compile.
        config: the user's configuration.
        stdlib: names of all modules in the base's image, when the caller has read it already.
        host_base: a base of the target's version that runs here, when ``base`` does not.
        cache: directory for bytecode and wheels; the cache root when ``None``.
        jobs: number of compile workers, default one per processor.
        optimize: optimisation level of the bytecode, as in :func:`compile`.

    Raises:
        PypkgError: a module of the project does not compile; a required addon does not fit the target; there is no
            Python of the target's version to compile with; a worker crashed.
        UsageError: the configuration names what does not exist.
    """
    cache = cache or cache_root()
    environment = inspect(find_python(python or project.environment, root=project.root))
    major, minor = (int(part) for part in target.series.split("."))
    pythons = candidates(target.series, host_base or base, environment.python)
    with Compiler(
        version=(major, minor),
        platform=system_name(target),
        pythons=pythons,
        optimize=optimize,
        cache=cache / "compiled",
        jobs=jobs,
    ) as compiler:
        if stdlib is None and base is not None:
            stdlib = [module.name for module in read_image(base).modules]
        standard = _FROZEN | compiler.facts.builtins | frozenset(stdlib or compiler.facts.stdlib)
        roots = project_roots(project)
        resolver = Resolver(
            project=roots,
            installed=[Root(path, SITE_PACKAGES) for path in environment.paths if path not in project.import_roots],
            stdlib=standard,
            stdlib_complete=stdlib is not None,
            editable=environment.editable,
        )
        session = _Session(
            start_application(project, config, resolver),
            target=target,
            environment=environment,
            compiler=compiler,
            resolver=resolver,
            dictionary=Dictionary(
                load_dictionary(), overrides=config.dictionary.overrides, disabled=config.dictionary.disable
            ),
            cache=cache,
        )
        collection = session.run()
    directories = [root.prefix for root in roots] or [project.name]
    directories += [stdlib_directory(target.series), SITE_PACKAGES]
    collection.search_path = [snapshot_path(directory) for directory in directories]
    depends = any(module.path.startswith(f"{SITE_PACKAGES}/") for module in collection.modules)
    if environment.version[:2] != (major, minor) and (depends or collection.warnings):
        shown = ".".join(map(str, environment.version[:2]))
        collection.notices.insert(
            0,
            f"The environment is for Python {shown}, the target for {target.series}: "
            f"what is installed there only for other versions than {shown} is missing",
        )
    return collection


class _Session:
    """Walks until nothing more has to be fetched or left out."""

    def __init__(
        self,
        application: Application,
        *,
        target: Target,
        environment: Environment,
        compiler: Compiler,
        resolver: Resolver,
        dictionary: Dictionary,
        cache: Path,
    ) -> None:
        self._target = target
        self._environment = environment
        self._compiler = compiler
        self._resolver = resolver
        self._cache = cache
        self._installed = Installed(root.directory for root in resolver.installed)
        self._dictionary = dictionary
        self._application = application
        self._notices: list[str] = []
        self._problem = ""

    def run(self) -> Collection:
        absent: set[str] = set()
        tried: set[str] = set()
        while True:
            walker = Walker(
                self._application,
                target=self._target,
                markers=_markers(self._target, self._compiler.facts),
                resolver=self._resolver,
                installed=self._installed,
                compiler=self._compiler,
                dictionary=self._dictionary,
                absent=absent,
            )
            walk = walker.run()
            if self._fetch(walk, tried):
                continue
            fate = classify(walk.edges, walk.unfit)
            if fate.required:
                raise self._refusal(walk, fate.required)
            if not fate.absent <= absent:
                absent |= fate.absent
                continue
            break
        contents = Contents(
            walker,
            application=self._application,
            target=self._target,
            compiler=self._compiler,
            resolver=self._resolver,
            installed=self._installed,
            dictionary=self._dictionary,
        )
        collection = contents.build()
        collection.notices = [*self._told(walk, fate, absent), *collection.notices]
        return collection

    def _fetch(self, walk: Walk, tried: set[str]) -> bool:
        """Replace distributions whose addons do not fit by wheels that do; return whether any was replaced."""
        if not self._target.addons:
            return False
        names = sorted((set(walk.unfit.values()) | set(walk.replaced)) & set(walk.distributions) - tried)
        wanted = [(name, walk.distributions[name].version) for name in names if walk.distributions[name].version]
        tried.update(names)
        if not wanted:
            return False
        fetched = wheels.fetch(wanted, self._target, cache=self._cache / "wheels", python=self._environment.python)
        self._problem = fetched.problem
        for name, place in sorted(fetched.places.items()):
            self._installed.add_root(place, prefer=True)
            self._resolver.prefer(Root(place, SITE_PACKAGES))
            self._notices.append(f"{name}: took the wheel for {self._target}")
        return bool(fetched.places)

    def _refusal(self, walk: Walk, required: Mapping[str, str]) -> PypkgError:
        addon, importer = next(iter(required.items()))
        owner = walk.unfit[addon]
        distribution = walk.distributions.get(owner)
        shown = f"{owner} {distribution.version}".strip() if distribution is not None else owner
        context = {"imported by": importer}
        if not self._target.addons:
            other = replace(self._target, platform="linux")
            return PypkgError(
                f"Cannot package {shown} for {self._target}: it needs its native addon {addon},"
                " and a fully static executable cannot load any",
                hint=f"Package for {other} instead, or do without {owner}.",
                context=context,
            )
        if self._problem:
            context["looking for a wheel"] = self._problem
        return PypkgError(
            f"Cannot package {shown} for {self._target}: it needs its native addon {addon}, which is installed for"
            " another Python or platform, and no wheel that fits was found",
            hint=f"Check the network and that {shown} has a wheel for {self._target}, or install it with Python"
            f" {self._target.series} and name that environment with --python.",
            context=context,
        )

    def _told(self, walk: Walk, fate: Fate, absent: set[str]) -> list[str]:
        notices = list(self._notices)
        for name, modules in sorted(walk.replaced.items()):
            notices.append(f"{name}: Python source is used in place of the addon {_listed(modules)}")
        optional: dict[str, list[str]] = {}
        for addon in sorted(fate.optional):
            optional.setdefault(walk.unfit[addon], []).append(addon)
        for name, modules in sorted(optional.items()):
            notices.append(f"{name}: left out the optional addon {_listed(modules)}, which does not fit {self._target}")
        for name in sorted(absent):
            notices.append(
                f"{name}: left out, because it needs addons that do not fit {self._target};"
                " whoever imports it can do without"
            )
        return notices


def _markers(target: Target, facts: Facts) -> dict[str, str]:
    """Return the environment of requirement markers on the target (packaging.python.org, "Dependency specifiers")."""
    systems = {"win": ("nt", "Windows"), "macos": ("posix", "Darwin"), "freebsd": ("posix", "FreeBSD")}
    machines = {"x64": "x86_64", "arm64": "aarch64", "armv7": "armv7l", "armv6": "armv6l"}
    os_name, system = systems.get(target.platform, ("posix", "Linux"))
    full = ".".join(map(str, facts.version))
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": os_name,
        "platform_machine": machines[target.arch],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": target.series,
        "sys_platform": system_name(target),
    }


def _listed(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
