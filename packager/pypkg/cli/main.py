"""The command line: ``pypkg [options] <input>``."""

from __future__ import annotations

import dataclasses
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from pypkg.cli.usage import usage
from pypkg.environment.index import Index
from pypkg.environment.resolution import Resolution
from pypkg.messages import Messages, human_size
from pypkg.pipeline.package import Request, prepare, write
from pypkg.project.config import Config, load_config
from pypkg.project.interpreter_options import parse_options, split_options
from pypkg.project.outputs import plan_outputs
from pypkg.project.project import load_project
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.host import host_target
from pypkg_core.targets.parse import parse_targets
from pypkg_core.version import VERSION

__all__ = ["main"]

_PATH: Final = click.Path(path_type=Path)
_SEE_HELP: Final = "Run pypkg --help to see all options"
_INTERRUPTED: Final = 130  # 128 + SIGINT, as in shells


class _Command(click.Command):
    """A command with a help text of its own."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 (the signature is click's)
        return usage()


@click.command(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-v", "--version", message="%(version)s")
@click.option("-t", "--targets", "--target", "targets")
@click.option("-c", "--config", "config", type=_PATH)
@click.option("-o", "--output", "output", type=_PATH)
@click.option("--out-path", "--outdir", "--out-dir", "out_path", type=_PATH)
@click.option("--python", "python", type=_PATH)
@click.option("--extra", "extras", multiple=True)
@click.option("-i", "--index-url", "index_url")
@click.option("--extra-index-url", "extra_index_urls", multiple=True)
@click.option("-f", "--find-links", "find_links", multiple=True)
@click.option("--no-index", "no_index", is_flag=True)
@click.option("--glibc", "glibc")
@click.option("--public", "public", is_flag=True)
@click.option("--public-packages", "public_packages")
@click.option("--options", "options")
@click.option("-b", "--build", "build", is_flag=True)
@click.option("-d", "--debug", "debug", is_flag=True)
@click.argument("inputs", nargs=-1, type=_PATH)
def _command(
    *,
    targets: str | None,
    config: Path | None,
    output: Path | None,
    out_path: Path | None,
    python: Path | None,
    extras: tuple[str, ...],
    index_url: str | None,
    extra_index_urls: tuple[str, ...],
    find_links: tuple[str, ...],
    no_index: bool,
    glibc: str | None,
    public: bool,
    public_packages: str | None,
    options: str | None,
    build: bool,
    debug: bool,
    inputs: tuple[Path, ...],
) -> None:
    with Messages(debug=debug) as messages:
        if not inputs:
            raise UsageError("No input: expected a script, a directory or a pyproject.toml", hint=_SEE_HELP)
        if len(inputs) > 1:
            got = ", ".join(map(str, inputs))
            raise UsageError(f"Too many inputs: expected one, got {got}", hint=_SEE_HELP)
        if output is not None and out_path is not None:
            raise UsageError("--output and --out-path cannot be used together", hint=_SEE_HELP)
        project = load_project(inputs[0])
        settings = load_config(project, config)
        messages.show(settings.diagnostics)
        settings = _with_source_policy(settings, public=public, packages=public_packages)
        if options is not None:
            settings = dataclasses.replace(settings, options=parse_options(split_options(options)))
        if extras or glibc is not None:
            settings = _with_dependencies(settings, extras=extras, glibc=glibc)
        index = Index(index_url=index_url, extra_index_urls=extra_index_urls, find_links=find_links, no_index=no_index)
        if settings.name:
            project = dataclasses.replace(project, name=settings.name, output_name=settings.name)
        chosen = _targets(targets, settings, messages)
        outputs = plan_outputs(project, chosen, output=output, directory=out_path or settings.output_path)
        request = Request(
            project=project,
            config=settings,
            python=python,
            resolution=Resolution(index=index, newest=settings.newest),
            build=build,
            debug=debug,
        )
        for item in outputs:
            prepared = prepare(request, item, messages)
            messages.show(prepared.diagnostics)
            written = write(prepared, messages)
            messages.show(written.diagnostics)
            messages.result(f"{item.path}  {human_size(written.size)}")


def _with_source_policy(config: Config, *, public: bool, packages: str | None) -> Config:
    """Return the configuration with the command line's options about source text."""
    names = tuple(filter(None, (name.strip() for name in (packages or "").split(","))))
    if packages is not None and not names:
        raise UsageError("--public-packages names no distribution", hint="Give comma-separated names, or '*' for all")
    return dataclasses.replace(config, public=config.public or public, public_packages=names or config.public_packages)


def _with_dependencies(config: Config, *, extras: Sequence[str], glibc: str | None) -> Config:
    """Return the configuration with the command line's options about dependencies."""
    names = tuple(name.strip() for text in extras for name in text.split(",") if name.strip())
    try:
        return dataclasses.replace(config, extras=names or config.extras, glibc=glibc or config.glibc)
    except ValueError as error:
        raise UsageError(f"--{error}") from error


def _targets(text: str | None, config: Config, messages: Messages) -> list[Target]:
    """Return the targets of the command line, else of the configuration, else the host."""
    if text is not None:
        return parse_targets(text)
    if config.targets:
        return parse_targets(",".join(config.targets))
    host = host_target()
    messages.say(f"No targets given; assuming {host.name}")
    return [host]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypkg``.

    Args:
        argv: arguments without the program's name; those of the process if ``None``.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    messages = Messages()
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
