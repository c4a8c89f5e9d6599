"""The command line: ``pypkg [options] <input>``."""

from __future__ import annotations

import dataclasses
import gc
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from pypkg.cli.contents import ContentOptions, content_options
from pypkg.cli.dependencies import DependencyOptions, default_target, dependency_options
from pypkg.cli.usage import usage
from pypkg.messages import Messages, human_size
from pypkg.pipeline.package import Prepared, Request, prepare
from pypkg.pipeline.shared import Shared
from pypkg.pipeline.writing import write_all
from pypkg.project.config import Config, load_config
from pypkg.project.inline_metadata import check_version
from pypkg.project.interpreter_options import parse_options, split_options
from pypkg.project.outputs import Output, plan_outputs
from pypkg.project.project import Project, load_project
from pypkg.project.saving import save_settings, toml_lines
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import host_target
from pypkg_core.targets.parse import parse_targets
from pypkg_core.version import VERSION

__all__ = ["main"]

_PATH: Final = click.Path(path_type=Path)
_SEE_HELP: Final = "Run pypkg --help to see all options"
_PROGRAM_ARGUMENTS: Final = "pypkg.program_arguments"
_INTERRUPTED: Final = 130  # 128 + SIGINT, as in shells
_NEW_OBJECTS: Final = 200_000


class _Command(click.Command):
    """A command with a help text of its own."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 (the signature is click's)
        return usage()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put what follows ``--trace ... --`` aside: it is for the program."""
        if "--" in args and "--trace" in args[: args.index("--")]:
            at = args.index("--")
            ctx.meta[_PROGRAM_ARGUMENTS] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


@click.command(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-v", "--version", message="%(version)s")
@click.option("-t", "--targets", "--target", "targets")
@click.option("-c", "--config", "config", type=_PATH)
@click.option("-o", "--output", "output", type=_PATH)
@click.option("--out-path", "--outdir", "--out-dir", "out_path", type=_PATH)
@click.option("--python", "python", type=_PATH)
@dependency_options
@content_options
@click.option("--public", "public", is_flag=True)
@click.option("--public-packages", "public_packages")
@click.option("--no-source", "no_source", is_flag=True)
@click.option("--options", "options")
@click.option("-b", "--build", "build", is_flag=True)
@click.option("--trace", "trace", is_flag=True)
@click.option("--save", "save", is_flag=True)
@click.option("-d", "--debug", "debug", is_flag=True)
@click.argument("inputs", nargs=-1, type=_PATH)
def _command(
    *,
    targets: str | None,
    config: Path | None,
    output: Path | None,
    out_path: Path | None,
    python: Path | None,
    public: bool,
    public_packages: str | None,
    no_source: bool,
    options: str | None,
    build: bool,
    trace: bool,
    save: bool,
    debug: bool,
    inputs: tuple[Path, ...],
    **others: Any,
) -> None:
    contents = ContentOptions(**{field.name: others.pop(field.name) for field in dataclasses.fields(ContentOptions)})
    more = DependencyOptions(**others)
    with Messages(debug=debug) as messages:
        more.check(inputs)
        if not inputs and more.from_index is None:
            raise UsageError("No input: expected a script, a directory or a pyproject.toml", hint=_SEE_HELP)
        if len(inputs) > 1:
            got = ", ".join(map(str, inputs))
            raise UsageError(f"Too many inputs: expected one, got {got}", hint=_SEE_HELP)
        if output is not None and out_path is not None:
            raise UsageError("--output and --out-path cannot be used together", hint=_SEE_HELP)
        if save and not trace:
            raise UsageError("--save needs --trace", hint=_SEE_HELP)
        if inputs:
            project = load_project(inputs[0])
        else:
            project = more.project_from_index(parse_targets(targets)[0] if targets else host_target(), messages)
        settings = load_config(project, config)
        messages.show(settings.diagnostics)
        settings = _with_source_policy(settings, public=public, packages=public_packages, no_source=no_source)
        if options is not None:
            settings = dataclasses.replace(settings, options=parse_options(split_options(options)))
        settings = contents.configure(more.configure(settings))
        if settings.name:
            project = dataclasses.replace(project, name=settings.name, output_name=settings.name)
        chosen = _targets(targets, project, settings, messages)
        outputs = plan_outputs(project, chosen, output=output, directory=out_path or settings.output_path)
        request = Request(
            project=project,
            config=settings,
            python=python,
            resolution=more.resolution(project, settings),
            build=build,
            debug=debug,
            trace=click.get_current_context().meta.get(_PROGRAM_ARGUMENTS, ()) if trace else None,
        )
        with Shared() as shared:
            # All before the first is written: if one cannot be packaged, nothing is.
            prepared = [_prepare(request, item, messages, shared) for item in outputs]
            _keep_traced(prepared, config or project.pyproject, messages, save=save)
            messages.step(f"writing {', '.join(str(item.path) for item in outputs)}")
            for item, written in zip(outputs, write_all(prepared), strict=True):
                messages.show(written.diagnostics)
                messages.result(f"{item.path}  {human_size(written.size)}")


def _prepare(request: Request, output: Output, messages: Messages, shared: Shared) -> Prepared:
    prepared = prepare(request, output, messages, shared)
    messages.show(prepared.diagnostics)
    return prepared


def _keep_traced(prepared: Sequence[Prepared], file: Path | None, messages: Messages, *, save: bool) -> None:
    """Show what running the program has added, and save it if that is asked for.

    Args:
        file: the configuration.

    Raises:
        UsageError: there is no configuration to save it in, or it cannot be changed.
    """
    settings: dict[str, list[str]] = {}
    for item in prepared:
        for key, values in item.traced.settings.items():
            settings[key] = sorted({*settings.get(key, []), *values})
    if not settings:
        return
    lines = "\n".join(toml_lines(settings))
    if not save:
        messages.say(f"Found by running the program; to keep it, add to [tool.pypkg], or use --save:\n{lines}")
        return
    if file is None:
        hint = f"Add a pyproject.toml, or name a file with --config, with\n{lines}"
        raise UsageError("--save finds no configuration to write to", hint=hint)
    save_settings(file, settings)
    messages.say(f"Found by running the program; saved in {file}:\n{lines}")


def _with_source_policy(config: Config, *, public: bool, packages: str | None, no_source: bool) -> Config:
    """Return the configuration with the command line's options about source text."""
    if no_source and (public or packages is not None):
        raise UsageError("--no-source cannot be used with --public or --public-packages", hint=_SEE_HELP)
    names = tuple(filter(None, (name.strip() for name in (packages or "").split(","))))
    if packages is not None and not names:
        raise UsageError("--public-packages names no distribution", hint="Give comma-separated names, or '*' for all")
    return dataclasses.replace(
        config,
        public=config.public or public,
        public_packages=names or config.public_packages,
        no_source=no_source or (config.no_source and not public and packages is None),
    )


def _targets(text: str | None, project: Project, config: Config, messages: Messages) -> list[Target]:
    """Return the targets of the command line, else of the configuration, else the host.

    Raises:
        UsageError: a target is malformed, or the script does not run on its Python.
    """
    if text is not None or config.targets:
        chosen = parse_targets(text if text is not None else ",".join(config.targets))
        if project.inline is not None:
            for target in chosen:
                check_version(project.inline, target.version)
        return chosen
    target = default_target(project, host_target())
    messages.say(f"No targets given; assuming {target.name}")
    return [target]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypkg``.

    Args:
        argv: arguments without the program's name; those of the process if ``None``.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    messages = Messages()
    # Nearly all that is made lives until the end: looking for cycles more often takes a twentieth of the time.
    gc.set_threshold(_NEW_OBJECTS)
    try:
        _command.main(arguments, prog_name="pypkg", standalone_mode=False)
    except PypkgError as error:
        messages.error(str(error))
        _trace(arguments)
        return error.exit_code
    except click.ClickException as error:
        messages.error(f"{error.format_message()}\nHint: {_SEE_HELP}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        messages.error("Interrupted")
        return _INTERRUPTED
    except Exception as error:  # nothing above catches it
        hint = "This is a bug in pypkg; run again with --debug to see where"
        messages.error(f"{type(error).__name__}: {error}\nHint: {hint}")
        _trace(arguments)
        return 1
    return 0


def _trace(arguments: Sequence[str]) -> None:
    if "-d" in arguments or "--debug" in arguments:
        traceback.print_exc()
