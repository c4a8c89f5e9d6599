"""The command line: ``pypkg [options] <input>``."""

from __future__ import annotations

import dataclasses
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from pypkg.messages import Messages, human_size
from pypkg.pipeline.package import Request, package
from pypkg.project.config import Config, load_config
from pypkg.project.interpreter_options import parse_options, split_options
from pypkg.project.outputs import plan_outputs
from pypkg.project.project import load_project
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.targets.catalogue import PLATFORMS, VERSIONS, Target, catalogue, host_target, parse_targets
from pypkg_core.version import VERSION

__all__ = ["main"]

_PATH: Final = click.Path(path_type=Path)
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


def _help_text() -> str:
    versions = ", ".join(f"py{version}" for version in VERSIONS)
    platforms, arches = ", ".join(PLATFORMS), ", ".join(catalogue().arches)
    return f"""\
Usage: pypkg [options] <input>

  Package a Python project into one executable that runs without Python.

Options:
  -h, --help           output usage information
  -v, --version        output pypkg version
  -t, --targets        comma-separated list of targets (see examples); also --target
  -c, --config         pyproject.toml-like TOML or JSON file with the configuration
  -o, --output         output file name, or base of the names for several targets
      --out-path       directory to save the executables in; also --outdir, --out-dir
      --python         interpreter or virtual environment with the dependencies [default: the
                       script's environment, VIRTUAL_ENV, the project's .venv, this Python]
      --public         package the project's source text too: tracebacks show it
      --public-packages
                       the same for these distributions (a,b), or all and the standard library (*)
      --options        interpreter options to bake into the executable: u,O,OO,W=error,X=dev
  -b, --build          don't download base binaries, forge them
  -d, --debug          show more information during packaging; the executable can then list its
                       contents (DEBUG_PYPKG=1) and trace accesses to them (DEBUG_PYPKG=2)

Input:
  a Python script, a directory with pyproject.toml or __main__.py, or a pyproject.toml

Targets:
  py<version>-<platform>-<arch>, in any order; what is left out is this host's
  versions   {versions}, latest
  platforms  {platforms}
  arches     {arches}

Examples:

  - Make an executable for this host
    $ pypkg hello.py
  - Make an executable that runs on any Linux
    $ pypkg -t py313-linuxstatic-x64 -o hello hello.py
  - Take the entry from project.scripts of ./pyproject.toml
    $ pypkg .
  - Make executables for several targets (app-py311, app-py313)
    $ pypkg -t py311-linux,py313-linux -o app app.py
  - Bake in '-u', '-OO' (no asserts and docstrings) and '-X dev'
    $ pypkg --options u,OO,X=dev app.py
  - Package an installed program by its console script
    $ pypkg venv/bin/http
"""


class _Command(click.Command):
    """A command with help in pkg's manner."""

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 (the signature is click's)
        return _help_text()


@click.command(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-v", "--version", message="%(version)s")
@click.option("-t", "--targets", "--target", "targets")
@click.option("-c", "--config", "config", type=_PATH)
@click.option("-o", "--output", "output", type=_PATH)
@click.option("--out-path", "--outdir", "--out-dir", "out_path", type=_PATH)
@click.option("--python", "python", type=_PATH)
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
    public: bool,
    public_packages: str | None,
    options: str | None,
    build: bool,
    debug: bool,
    inputs: tuple[Path, ...],
) -> None:
    with Messages(debug=debug) as messages:
        if not inputs:
            raise UsageError("Entry file/directory is expected", hint="Pass --help to see usage information")
        if len(inputs) > 1:
            got = ", ".join(map(str, inputs))
            raise UsageError("Not more than one entry file/directory is expected", context={"got": got})
        if output is not None and out_path is not None:
            raise UsageError("Specify either --output or --out-path, not both")
        project = load_project(inputs[0])
        settings = load_config(project, config)
        for warning in settings.warnings:
            messages.warning(warning)
        settings = _disclosed(settings, public=public, packages=public_packages)
        if options is not None:
            settings = dataclasses.replace(settings, options=parse_options(split_options(options)))
        if settings.name:
            project = dataclasses.replace(project, name=settings.name, output_name=settings.name)
        chosen = _targets(targets, settings, messages)
        outputs = plan_outputs(project, chosen, output=output, directory=out_path or settings.output_path)
        request = Request(project=project, config=settings, python=python, build=build, debug=debug)
        for item in outputs:
            size = package(request, item, messages)
            messages.result(f"{item.path}  {human_size(size)}")


def _disclosed(config: Config, *, public: bool, packages: str | None) -> Config:
    """Return the configuration with what the command line says about source text."""
    names = tuple(filter(None, (name.strip() for name in (packages or "").split(","))))
    if packages is not None and not names:
        raise UsageError("--public-packages names no package", hint="Give names with commas between them, or '*'")
    return dataclasses.replace(config, public=config.public or public, public_packages=names or config.public_packages)


def _targets(text: str | None, config: Config, messages: Messages) -> list[Target]:
    """Return the command line's targets, else the configuration's, else the host."""
    if text is not None:
        return parse_targets(text)
    if config.targets:
        return parse_targets(",".join(config.targets))
    host = host_target()
    messages.say(f"Targets not specified. Assuming: {host.name}")
    return [host]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypkg``.

    Args:
        argv: arguments without the program's name; those of the process if ``None``.

    Returns:
        0 done, 1 failed, 2 usage.
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
        messages.error(f"{error.format_message()}\nHint: Pass --help to see usage information")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        messages.error("Interrupted")
        return _INTERRUPTED
    except Exception as error:  # the one place where everything ends
        hint = "This is a bug of pypkg; run again with --debug for more"
        messages.error(f"{type(error).__name__}: {error}\nHint: {hint}")
        _trace(arguments)
        return 1
    return 0


def _trace(arguments: Sequence[str]) -> None:
    if "-d" in arguments or "--debug" in arguments:
        traceback.print_exc()
