"""The console scripts of an installed distribution (packaging.python.org/specifications/entry-points)."""

from __future__ import annotations

import re
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from pypkg.environment.distributions import Installed
from pypkg.environment.interpreter import Environment
from pypkg_core.errors import PypkgError, UsageError

__all__ = ["ConsoleScript", "find_console_script"]

_REFERENCE: Final = re.compile(r"(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<attribute>\w+(?:\.\w+)*)\s*(?:\[.*\])?")
_GROUPS: Final = ("console_scripts", "gui_scripts")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleScript:
    """A command that a distribution installs: its name and the function that it calls."""

    name: str
    module: str
    attribute: str


def find_console_script(environment: Environment, distribution: str, entry: str | None = None) -> ConsoleScript:
    """Return the console script of a distribution.

    Args:
        environment: where it is installed.
        distribution: its name, in any spelling.
        entry: the script's name. By default it is the only one, or the one with the distribution's name.

    Raises:
        PypkgError: the distribution is not installed.
        UsageError: it has no console script, none of that name, or several and none with its own name.
    """
    name = canonicalize_name(distribution)
    found = Installed(environment.paths).by_name.get(name)
    if found is None:
        raise PypkgError(f"{distribution} is not installed in the environment of {environment.python}")
    scripts = _scripts(found.text("entry_points.txt"))
    if not scripts:
        raise UsageError(
            f"{distribution} has no console script",
            hint="Name the distribution that has the command, or package a script that imports this one",
        )
    listed = ", ".join(sorted(scripts))
    if entry is None:
        own = [script for script in scripts if canonicalize_name(script) == name]
        if not own and len(scripts) > 1:
            raise UsageError(f"{distribution} has several console scripts: {listed}", hint="Choose one with --entry")
        entry = own[0] if own else next(iter(scripts))
    elif entry not in scripts:
        raise UsageError(f"{distribution} has no console script '{entry}'", hint=f"Its console scripts: {listed}")
    match = _REFERENCE.fullmatch(scripts[entry])
    if match is None:
        raise PypkgError(
            f'Cannot read the console script {entry} of {distribution}: expected "module:function", got '
            f"{scripts[entry]!r}"
        )
    return ConsoleScript(name=entry, module=match["module"], attribute=match["attribute"])


def _scripts(text: str) -> dict[str, str]:
    """Return name -> reference; graphical programs only if there are no others."""
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except ConfigError:
        return {}
    groups = (dict(parser.items(group)) for group in _GROUPS if parser.has_section(group))
    return {key: value.strip() for key, value in next((group for group in groups if group), {}).items()}
