"""What a packaged application has in ``sys`` and ``builtins``, and the scripts that its executable runs.

The importer runs :func:`start` in every interpreter of an application, before anything is imported from a file. So this
module may import only what is built in, frozen or in the image.
"""

import _sitebuiltins
import builtins
import sys

import _pypkg


def _text_of(manifest, key):
    """The value of a string in the manifest, which is one line of plain JSON; importing json would take too long."""
    _, found, rest = manifest.partition(f'"{key}":')
    rest = rest.lstrip()
    return rest[1:].partition('"')[0] if found and rest.startswith('"') else None


class _Notice:
    """A text that is its own repr, like the printer in site, which would import os."""

    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return self._text

    def __call__(self):
        print(self._text)


_patterns = []  # (compiled pattern, real path), tried in this order


def _find_pattern(path):
    """The real path for a path of the snapshot, by the first pattern that matches whole names at its beginning."""
    for pattern, real in _patterns:
        match = pattern.match(path)
        if match is not None:
            rest = path[match.end() :]
            if not rest or rest[0] == "/":
                return match.expand(real) + rest
    return None


def mount(virtual, real):
    """Serve a real directory or file under a path below ``/snapshot``.

    Args:
        virtual: the path, a str or os.PathLike; or a compiled pattern, matched against the beginning of every path
            below ``/snapshot``, whose groups ``real`` may name as ``\\1``.
        real: the real path; a relative one starts from the current working directory.

    Raises:
        ValueError: ``virtual`` is not below ``/snapshot``.
        OSError: ``real`` does not exist.
    """
    import os  # noqa: PLC0415 - only programs that mount load it

    real = os.path.abspath(os.fspath(real))  # noqa: PTH100 - not resolve(): links may change
    if hasattr(virtual, "groupindex"):
        _patterns.append((virtual, real))
        _pypkg.set_mount_hook(_find_pattern)
        return
    virtual = os.fspath(virtual)
    if not os.path.normpath(virtual).startswith(f"{_pypkg.ROOT}/"):
        raise ValueError(f"cannot mount on {virtual!r}: expected a path below {_pypkg.ROOT}")
    os.stat(real)  # noqa: PTH116 - without pathlib
    _pypkg.mount(os.path.normpath(virtual), real)


def unmount(virtual):
    """Remove a mount, by the path or pattern that :func:`mount` got. Raises ValueError if nothing is mounted there."""
    import os  # noqa: PLC0415

    if hasattr(virtual, "groupindex"):
        kept = [item for item in _patterns if item[0] != virtual]
        if len(kept) == len(_patterns):
            raise ValueError(f"not mounted: {virtual!r}")
        _patterns[:] = kept
        _pypkg.set_mount_hook(_find_pattern if kept else None)
        return
    try:
        _pypkg.unmount(os.path.normpath(os.fspath(virtual)))
    except OSError:
        raise ValueError(f"not mounted: {virtual!r}") from None


def mounts():
    """The current mounts: a list of pairs (path or pattern, real path)."""
    return [*_pypkg.mounts(), *_patterns]


def _add_builtins():
    """Add the names that the site module, which packaged programs do not run, adds to builtins."""
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
        mount=mount,
        unmount=unmount,
        mounts=mounts,
    )
    sys.frozen = True
    # A folder of links: packager/pypkg/collect/meipass.py.
    sys._MEIPASS = f"{_pypkg.ROOT}/_MEIPASS"
    _add_builtins()


def serve_commands():
    """If the environment has a command, run it instead of the program, and exit. Called by main."""
    command = _pypkg.environment("PYPKG_NATIVE_CACHE")
    if command:
        import _pypkg_native_cache  # noqa: PLC0415 - only if it is requested

        sys.exit(_pypkg_native_cache.main(command))
    diagnose(listed=True)


def diagnose(*, listed=False):
    """List and trace as the environment requests. Interpreters that the program starts do not list again."""
    if _pypkg.find_module("_pypkg_diagnostics") is not None:  # packaged with --debug
        import _pypkg_diagnostics  # noqa: PLC0415 - only if it is packaged

        _pypkg_diagnostics.start(listed=listed)


def find_script(path, script_directory):
    """Prepare to run a script in the interpreter inside the application.

    Args:
        path: the path on the command line.
        script_directory: insert its directory into ``sys.path``, as Python does without ``-I`` and ``-P``.

    Returns:
        Its path and code object if its code is in the image; ``None`` if Python is to run the file.
    """
    import os.path  # noqa: PLC0415 - start() runs before it can be imported

    path = os.path.abspath(path)  # noqa: PTH100 - without pathlib
    real = os.path.realpath(path)
    # An archive is inserted by Python itself.
    if script_directory and os.path.isfile(real) and not real.endswith(".pyz"):  # noqa: PTH113
        sys.path.insert(0, os.path.dirname(real))  # noqa: PTH120
    code = _pypkg.code_at(real)
    return None if code is None else (path, code)
