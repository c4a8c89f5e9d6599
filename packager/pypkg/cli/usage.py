"""The text of ``pypkg --help``."""

from __future__ import annotations

from pypkg_core.targets.catalogue import VERSIONS, catalogue

__all__ = ["usage"]


def usage() -> str:
    """Return the help text, with the targets of the catalogue."""
    versions = ", ".join(f"py{version}" for version in VERSIONS)
    platforms, arches = ", ".join(catalogue().platforms), ", ".join(catalogue().arches)
    return f"""\
Usage: pypkg [options] <input>

  Package a Python project into one executable that runs without Python.

Options:
  -h, --help           print this help and exit
  -v, --version        print the version of pypkg and exit
  -t, --targets        comma-separated list of targets, see below; also --target
                       [default: this machine and Python]
  -c, --config         TOML or JSON file to use instead of [tool.pypkg] in pyproject.toml
  -o, --output         file name of the executable; with several targets, the start of each name
      --out-path       directory for the executables; also --outdir, --out-dir
      --python         interpreter or virtual environment with the dependencies [default: the
                       script's environment, VIRTUAL_ENV, the project's .venv, or this Python]
      --from-index     package a program from the index: a requirement, httpie==3.2.4
      --entry          its console script, if it has several
      --extra          extras of the project to package too (a,b)
  -r, --requirements   lock to obey: pylock.toml, uv.lock, or a requirements file (with hashes)
                       [default: pylock.toml or uv.lock of the project]
      --locked         refuse an environment that differs from the lock
  -i, --index-url      index for wheels of other platforms and Pythons, instead of pip's
      --extra-index-url
                       one more index
  -f, --find-links     directory or page with wheels
      --no-index       use only --find-links
      --glibc          newest glibc that the executable may need, such as 2.17
      --asset          package a file or folder: SRC, or SRC=DEST, its path in the project; with a
                       slash at the end DEST is a folder (repeatable)
      --hidden-import  module that no import shows, or a pattern: plugins.* (repeatable)
      --exclude        module to leave out, also of the standard library (repeatable)
      --path           one more directory with modules of the project (repeatable)
      --ignore         pattern of files of the project to leave out (repeatable)
      --public         include the source text of the project, for full tracebacks
      --public-packages
                       include the source text of these distributions (a,b), or of all (*);
                       without it, that of those with a free licence is included
      --no-source      include no source text, also not of what is free
      --options        interpreter options to build in, without dashes: u,O,OO,W=error,X=dev
      --trace          run the program from source first, with the arguments after --, and package
                       what it imported and read too
      --save           write what --trace found into the configuration
  -b, --build          forge base binaries instead of downloading them
  -d, --debug          print details; the executable can then list its contents (DEBUG_PYPKG=1)
                       and trace accesses to them (DEBUG_PYPKG=2)

Input:
  a Python script, a directory with pyproject.toml or __main__.py, or a pyproject.toml;
  dependencies that a script declares itself (PEP 723) are installed for it

Targets:
  py<version>-<platform>-<arch>; the parts may be in any order, and missing parts are
  taken from this machine
  versions   {versions}, latest
  platforms  {platforms}
  arches     {arches}

Examples:

  - Package a script for this machine
    $ pypkg hello.py
  - Make an executable that runs on any Linux
    $ pypkg -t py313-linuxstatic-x64 -o hello hello.py
  - Package the entry point in project.scripts of ./pyproject.toml
    $ pypkg .
  - Package for several targets (writes app-py311 and app-py313)
    $ pypkg -t py311-linux,py313-linux -o app app.py
  - Build in '-u', '-OO' (no asserts or docstrings) and '-X dev'
    $ pypkg --options u,OO,X=dev app.py
  - Add data from elsewhere, and all plugins
    $ pypkg --asset ../prices.csv=data/ --hidden-import 'plugins.*' app.py
  - Package an installed program by its console script
    $ pypkg venv/bin/http
  - Run 'app.py input.txt' and package what it used as well
    $ pypkg --trace app.py -- input.txt
  - Package a program from the index
    $ pypkg --from-index 'httpie==3.2.4'
"""
