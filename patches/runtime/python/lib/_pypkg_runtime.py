"""What a packaged application finds in ``sys`` and ``builtins``, and the scripts it lets its own executable run.

The importer runs :func:`start` in every interpreter of an application, before anything is imported from a file: at the
top nothing may be imported that is not built in, frozen or in the image.
"""

import _sitebuiltins
import builtins
import posix
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


_patterns = []  # (compiled pattern, real path), asked in this order


def _find_pattern(path):
    """The real path for a path of the snapshot, by the first pattern that matches its beginning, up to a slash."""
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
        real: the real path; a relative one counts from the current working directory of now.

    Raises:
        ValueError: ``virtual`` does not lie below ``/snapshot``.
        OSError: there is nothing at ``real``.
    """
    import os  # noqa: PLC0415 - a program that mounts nothing need not load it

    real = os.path.abspath(os.fspath(real))  # noqa: PTH100 - resolving links would fix where they lead now
    if hasattr(virtual, "groupindex"):
        _patterns.append((virtual, real))
        _pypkg.set_mount_hook(_find_pattern)
        return
    virtual = os.fspath(virtual)
    if not os.path.normpath(virtual).startswith("/snapshot/"):
        raise ValueError(f"cannot mount on {virtual!r}: a mount lies below /snapshot")
    os.stat(real)  # noqa: PTH116 - without pathlib
    _pypkg.mount(os.path.normpath(virtual), real)


def unmount(virtual):
    """Take away what :func:`mount` has put there: the same path, or the same pattern. ValueError if it was not."""
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
    """What is mounted: a list of pairs (path or pattern, real path)."""
    return [*_pypkg.mounts(), *_patterns]


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
        mount=mount,
        unmount=unmount,
        mounts=mounts,
    )
    sys.frozen = True
    sys._MEIPASS = "/".join(entrypoint.split("/")[:3])
    _add_builtins()


def serve_commands():
    """Do what the environment asks of the executable instead of running the program. Run by main before the program."""
    wanted = posix.environ.get(b"PYPKG_NATIVE_CACHE")
    if wanted:
        import _pypkg_native_cache  # noqa: PLC0415 - only when it is asked for

        sys.exit(_pypkg_native_cache.main(wanted.decode(errors="replace")))
    diagnose(listed=True)


def diagnose(*, listed=False):
    """List and trace as the environment asks. Interpreters that the program starts do not list again."""
    if _pypkg.find_module("_pypkg_diagnostics") is not None:  # packaged with --debug
        import _pypkg_diagnostics  # noqa: PLC0415 - only when it is there

        _pypkg_diagnostics.start(listed=listed)


def find_script(path, at_home):
    """Make ready to run a script in the interpreter inside the application.

    Args:
        path: what the command line names.
        at_home: its directory comes first on ``sys.path``, as in Python without ``-I`` and ``-P``.

    Returns:
        Its path and code object when its code is in the image, ``None`` when Python is to run the file.
    """
    import os.path  # noqa: PLC0415 - start() runs before it can be imported

    path = os.path.abspath(path)  # noqa: PTH100 - without pathlib
    real = os.path.realpath(path)
    # Python itself puts an archive there.
    if at_home and os.path.isfile(real) and not real.endswith(".pyz"):  # noqa: PTH113
        sys.path.insert(0, os.path.dirname(real))  # noqa: PTH120
    code = _pypkg.code_at(real)
    return None if code is None else (path, code)
