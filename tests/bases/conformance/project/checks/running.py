"""runpy: modules, packages, files, folders and archives."""

import contextlib
import io
import runpy
import sys

from checking import DATA, PROJECT, check, each


def _module(name, **options):
    return _result(runpy.run_module, name, **options)


def _path(path, **options):
    return _result(runpy.run_path, path, **options)


def _result(function, what, **options):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        space = function(what, **options)
    names = ("__name__", "__file__", "__package__", "__cached__", "VALUE")
    return [output.getvalue(), {name: space.get(name, "none") for name in names}]


@check
def modules():
    return each(
        module=(_module, "library.tool"),
        as_main=(lambda: _module("library.tool", run_name="__main__", alter_sys=True),),
        package=(_module, "library.inner"),
        installed=(_module, "sample"),
        public=(_module, "public.open_"),
        stdlib=(lambda: _module("json.scanner")[1]["__name__"],),
        missing=(_module, "library.none"),
        no_main=(_module, "library"),
        namespace=(_module, "space"),
        arguments=(lambda: _module("library.tool", init_globals={"GIVEN": 1}),),
    )


@check
def paths():
    return each(
        script=(_path, f"{PROJECT}/scripts/hello.py"),
        as_main=(lambda: _path(f"{PROJECT}/scripts/hello.py", run_name="__main__"),),
        through_a_link=(_path, f"{DATA}/links/to_script"),
        data=(_path, f"{DATA}/plugins/plugin.py"),
        public=(_path, f"{PROJECT}/public/open_.py"),
        folder=(_path, f"{PROJECT}/scripts/folder"),
        archive=(_path, f"{DATA}/archives/program.zip"),
        missing=(_path, f"{PROJECT}/scripts/none.py"),
        folder_without_main=(_path, f"{DATA}/plain"),
        no_python=(_path, f"{DATA}/plain/a.txt"),
    )


@check
def nothing_is_left():
    return [sys.argv[0] == sys.argv[0], sys.modules["__main__"].__name__, hasattr(sys.modules["__main__"], "Portrait")]
