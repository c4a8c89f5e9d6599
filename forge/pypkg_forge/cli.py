"""The command line of the forge."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from pypkg_core.bases.record import find_built
from pypkg_core.bases.store import fetch_base
from pypkg_core.binaries import read_image
from pypkg_core.errors import PypkgError, UsageError
from pypkg_core.progress import console_reporter
from pypkg_core.targets.catalogue import Target, catalogue
from pypkg_core.targets.parse import parse_target, parse_targets
from pypkg_core.version import VERSION
from pypkg_forge.driver.build import build, fetch_sources
from pypkg_forge.driver.recipe import sources, why_not
from pypkg_forge.driver.state import target_state
from pypkg_forge.sources.updates.edit import apply_edits, unified_diff
from pypkg_forge.sources.updates.update import find_updates
from pypkg_forge.verify.verify import verify_base

__all__ = ["main"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-v", "--version", message="%(version)s")
def cli() -> None:
    """Build base binaries: patched CPython runtimes that pypkg packages programs with."""


@cli.command("list")
def list_command() -> None:
    """List the targets: what the cache has of each and how it was verified, or whether it can be built."""
    targets = catalogue().targets()
    width = max(len(target.name) for target in targets)
    for target in targets:
        click.echo(f"{target.name:<{width}}  {target_state(target)}")


def _targets(texts: tuple[str, ...]) -> list[Target]:
    return list(dict.fromkeys(target for text in texts for target in parse_targets(text)))


@cli.command("build")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--output", type=_FOLDER, metavar="DIR", help="Also copy the bases into DIR.")
@click.option("--source", type=_FOLDER, metavar="DIR", help="Take source archives from DIR first.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes [MAKE_JOB_COUNT, or all processors].")
@click.option("--force", is_flag=True, help="Build again, from the newest sources available.")
def build_command(
    targets: tuple[str, ...], output: Path | None, source: Path | None, jobs: int | None, force: bool
) -> None:
    """Build the bases of TARGETs into the cache.

    A target is like py313-linuxstatic-x64; parts that are left out are those of this machine.
    """
    reporter = console_reporter()
    for target in _targets(targets):
        base = build(target, output=output, source=source, jobs=jobs, force=force, progress=reporter)
        click.echo(base.path)


@cli.command("fetch")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
def fetch_command(targets: tuple[str, ...]) -> None:
    """Download the published bases of TARGETs into the cache.

    Each is checked against the hash that comes with pypkg; its path is printed. PYPKG_BASE_URL names another server.
    """
    reporter = console_reporter()
    for target in _targets(targets):
        click.echo(fetch_base(target, reporter).path)


@cli.command("sources")
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option("--source", type=_FOLDER, metavar="DIR", help="Take source archives from DIR first.")
def sources_command(targets: tuple[str, ...], source: Path | None) -> None:
    """Download the source archives of TARGETs into the cache.

    Without a target: those of every target that can be built.
    """
    reporter = console_reporter()
    chosen = _targets(targets) or [target for target in catalogue().targets() if why_not(target) is None]
    seen: set[Path] = set()
    # Targets with the same sources are asked for once.
    for target in {tuple(sources(target).values()): target for target in chosen}.values():
        for found in fetch_sources(target, source=source, fresh=True, reporter=reporter).values():
            if found.path not in seen:
                seen.add(found.path)
                click.echo(f"{found.pin}  {found.path}")


@cli.group("pins")
def pins_group() -> None:
    """Manage the pins of source archives."""


@pins_group.command("update")
@click.option("--write", is_flag=True, help="Edit the tables instead of printing the edit.")
def pins_update_command(write: bool) -> None:
    """Look for new releases, and propose the edit of the tables that pins them.

    Asks upstream's release data, and the index of the Debian archives in apt's configuration. Prints the origin of
    each value, and the edit as a diff for `git apply`. Exits with 1 if nothing could be asked, or an answer cannot be
    used.
    """
    update = find_updates(console_reporter())
    for line in update.told:
        click.echo(line)
    if write:
        apply_edits(update.edits)
        for edit in update.edits:
            click.echo(f"Edited {edit.path}")
    else:
        click.echo(unified_diff(update.edits), nl=False)
    if not update.edits and update.asked:
        click.echo("Nothing to pin")
    for line in update.not_asked:
        click.echo(f"Not asked: {line}", err=True)
    for line in update.errors:
        click.echo(f"> Error! {line}", err=True)
    if not update.asked:
        raise PypkgError("Cannot look for new releases: no origin could be asked", hint="Try again with a network")
    if update.errors:
        sys.exit(1)


@cli.command("verify")
@click.argument("what", metavar="TARGET|FILE")
def verify_command(what: str) -> None:
    """Check the built base of a TARGET, or a base in a FILE.

    Checks its structure and its image, and runs it where this machine can.
    """
    path = Path(what)
    if path.is_file():
        target = parse_target(str(read_image(path).manifest.get("target")))
    else:
        if "/" in what:
            raise UsageError(f"File not found: {what}")
        target = parse_target(what)
        built = find_built(target)
        if built is None:
            raise PypkgError(f"The cache has no built base of {target}", hint=f"Build it: pypkg-forge build {target}")
        path = built.path
    report = verify_base(path, target)
    click.echo(f"{path}: a valid base of {target}, Python {report.python}")
    minimum = f", {report.minimum}" if report.minimum is not None else ""
    click.echo(f"  needs: {', '.join(report.needed) or 'nothing'}{minimum}")
    for item in report.unseen:
        click.echo(f"  not seen: {item.protection}: {item.reason}")
    ran = f": {report.ran['openssl']}, SQLite {report.ran['sqlite']}" if report.ran is not None else ""
    click.echo(f"  {report.how}{ran}")


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 usage, 130 interrupted."""
    # A request to terminate must also end the programs that were started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(standalone_mode=False)
    except PypkgError as error:
        click.echo(f"> Error! {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"> Error! {error.format_message()}\nHint: Pass --help to see usage information", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("> Error! Interrupted", err=True)
        sys.exit(130)
    except OSError as error:
        click.echo(f"> Error! {error.filename or 'A file'}: {error.strerror or error}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
