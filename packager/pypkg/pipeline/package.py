"""Prepare a project for one target: base, environment, graph, payload; `writing` makes the executable of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pypkg.collect.session import collect
from pypkg.compile.compiler import Compiler
from pypkg.diagnostics import Diagnostics
from pypkg.environment.interpreter import Environment, find_python
from pypkg.environment.resolution import Resolution
from pypkg.graph.context import start_context
from pypkg.items import Payload
from pypkg.pipeline.excluded import check_excludes
from pypkg.pipeline.executable import prepare_directory
from pypkg.pipeline.shared import Shared
from pypkg.pipeline.source_policy import unused_names
from pypkg.pipeline.stdlib import compile_stdlib
from pypkg.pipeline.trace import Traced, run_traced, with_traced
from pypkg.pipeline.worker_pythons import worker_pythons
from pypkg.project.config import Config
from pypkg.project.interpreter_options import optimization
from pypkg.project.outputs import Output
from pypkg.project.project import Project
from pypkg_core.bases.record import Base
from pypkg_core.bases.store import need_base
from pypkg_core.cache import compile_dir, wheels_dir
from pypkg_core.progress import Reporter
from pypkg_core.reproducible import source_date_epoch
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.versions import version_numbers

__all__ = ["Prepared", "Progress", "Request", "forge_base", "prepare"]


class Progress(Reporter, Protocol):
    """Where progress goes."""

    def step(self, text: str) -> None:
        """Show what is being done now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is packaged, and how.

    Attributes:
        project: what is packaged.
        config: its configuration, with what the command line changes in it.
        python: the interpreter or environment of ``--python``.
        resolution: how wheels are chosen.
        build: forge bases instead of downloading them.
        debug: the executable can list its contents and trace accesses to them.
        trace: arguments that the program is run with from source, to see what it imports and reads; ``None`` if it is
            not run.
    """

    project: Project
    config: Config
    python: Path | None = None
    resolution: Resolution = field(default_factory=Resolution)
    build: bool = False
    debug: bool = False
    trace: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """An application that is ready to be written.

    Attributes:
        request: what was asked for.
        output: the executable to write.
        base: of the target.
        payload: everything that is added to the base.
        stdlib: code that replaces that of the base's modules, by module.
        mtime: of every packaged file, in seconds since 1970.
        traced: what running the program has added.
        diagnostics: to be shown before it is written.
    """

    request: Request
    output: Output
    base: Base
    payload: Payload
    stdlib: Mapping[str, bytes]
    mtime: int
    traced: Traced
    diagnostics: Diagnostics


def prepare(request: Request, output: Output, progress: Progress, shared: Shared) -> Prepared:
    """Get the base and collect the payload for one target; nothing is written at the output yet.

    Args:
        request: what is packaged.
        output: where to, and for what.
        progress: gets each step.
        shared: what the targets of a run have in common.

    Raises:
        PypkgError: the output cannot be written; there is no base; the project cannot be collected.
        UsageError: the configuration or an environment variable has a wrong value.
    """
    project, config, target = request.project, request.config, output.target
    mtime = source_date_epoch()
    prepare_directory(output.path)
    progress.step(f"{target.name}: looking for the base")
    base = need_base(target, build=request.build, reporter=progress, forge=forge_base)
    progress.step(f"{target.name}: collecting {project.name}")
    environment = _environment(request, target, progress, shared)
    level = optimization(config.options)
    diagnostics = Diagnostics()
    with shared.compiling(_start_compiler(base, environment, level, request, progress)) as compiler:
        diagnostics.extend(check_excludes(config.excludes, compiler.facts.builtins))
        context = start_context(
            project,
            config,
            target,
            release=base.version,
            stdlib=[module.name for module in base.image.modules],
            environment=environment,
            compiler=compiler,
            metadata=shared.metadata,
        )
        payload = collect(context, environment, request.resolution, cache=wheels_dir())
        traced = Traced()
        if request.trace is not None:
            if shared.read_files is None:  # one run for all targets
                shared.read_files = run_traced(context, environment, request.trace)
            context, traced = with_traced(context, payload, shared.read_files)
            if traced:
                payload = collect(context, environment, request.resolution, cache=wheels_dir())
                traced = traced.packaged(payload, project.name)
        if level:
            progress.step(f"{target.name}: compiling the standard library for {'-' + 'O' * level}")
        stdlib = compile_stdlib(base, compiler) if level else {}
    diagnostics.detail(f"base: {base.path} (Python {base.version})")
    diagnostics.extend(payload.diagnostics)
    diagnostics.extend(unused_names(config, payload))
    return Prepared(
        request=request,
        output=output,
        base=base,
        payload=payload,
        stdlib=stdlib,
        mtime=mtime,
        traced=traced,
        diagnostics=diagnostics,
    )


def _environment(request: Request, target: Target, progress: Progress, shared: Shared) -> Environment:
    requirements = request.project.requirements
    if requirements is None or request.python is not None:
        return shared.inspected(find_python(request.python or request.project.environment, root=request.project.root))
    # Imported only here: most runs make no environment.
    from pypkg.environment.made import read_environment  # noqa: PLC0415
    from pypkg.pipeline.environments import make_for  # noqa: PLC0415

    made = make_for(requirements, target, request.resolution, reporter=progress, forge=forge_base)
    return read_environment(made)


def forge_base(target: Target, reporter: Reporter) -> Base:
    """Forge a base; this needs the extra ``forge``."""
    # Imported only here: the forge's tools are an extra, and most runs find a base in the cache.
    from pypkg_forge.driver.build import build  # noqa: PLC0415

    reporter.say(f"Forging the base for {target.name}; this takes some minutes, once")
    return build(target, progress=reporter)


def _start_compiler(base: Base, environment: Environment, level: int, request: Request, progress: Progress) -> Compiler:
    major, minor = version_numbers(base.target.series)
    return Compiler(
        version=(major, minor),
        platform=base.target.facts,
        pythons=worker_pythons(base, environment, build=request.build, reporter=progress, forge=forge_base),
        optimize=level,
        cache=compile_dir(),
    )
