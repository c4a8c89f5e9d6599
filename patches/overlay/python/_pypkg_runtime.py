"""What a packaged application finds in ``sys`` and ``builtins``. Run by main before the application's own code."""

import _sitebuiltins
import builtins
import sys

import _pypkg


def _text_of(manifest, key):
    """The value of a string in the manifest, without loading the json module: it is one line of plain JSON."""
    _, found, rest = manifest.partition(f'"{key}":')
    rest = rest.lstrip()
    return rest[1:].partition('"')[0] if found and rest.startswith('"') else None


class _Notice:
    """Text that shows itself, as site's printer does, which would import os for it."""

    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return self._text

    def __call__(self):
        print(self._text)


def _add_builtins():
    """The names that the site module would add: a packaged program runs without it."""
    end_of_file = "Ctrl-D (i.e. EOF)"
    builtins.quit = _sitebuiltins.Quitter("quit", end_of_file)
    builtins.exit = _sitebuiltins.Quitter("exit", end_of_file)
    builtins.copyright = _Notice(sys.copyright)
    builtins.credits = _Notice("See https://www.python.org/ for more information.")
    builtins.license = _Notice("See https://www.python.org/psf/license/")
    builtins.help = _sitebuiltins._Helper()


def start():
    """Set ``sys.pypkg``, ``sys.frozen`` and ``sys._MEIPASS`` (programs written for PyInstaller look for these)."""
    entrypoint = _pypkg.find_module("__main__")[1]
    manifest = _pypkg.image()["manifest"]
    namespace = type(sys.implementation)
    sys.pypkg = namespace(
        entrypoint=entrypoint,
        default_entrypoint=entrypoint,
        version=_text_of(manifest, "pypkg"),
        target=_text_of(manifest, "target"),
        name=_text_of(manifest, "name"),
    )
    sys.frozen = True
    sys._MEIPASS = "/".join(entrypoint.split("/")[:3])
    _add_builtins()
