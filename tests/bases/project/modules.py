"""Modules of the image behave as if they had been imported from files."""

import gc
import importlib
import importlib.metadata
import importlib.resources
import importlib.util
import inspect
import json
import os
import pkgutil
import sys
import tempfile
import traceback

import library
import library.hidden
from checks import check, finish

ROOT = os.path.dirname(__file__)
LIBRARY = ROOT + "/library"
TAG = sys.implementation.cache_tag


def attributes():
    """__file__ and similar attributes."""
    check("file", (library.__file__, library.__path__), (LIBRARY + "/__init__.py", [LIBRARY]))
    check("cached", library.hidden.__cached__, f"{LIBRARY}/__pycache__/hidden.{TAG}.pyc")
    check("package", (library.__package__, library.hidden.__package__), ("library", "library"))
    check("spec", importlib.util.find_spec("library.hidden").origin, LIBRARY + "/hidden.py")
    check("no spec", importlib.util.find_spec("library.none"), None)
    check("loader", library.__spec__.loader is library.__loader__, True)
    check("is_package", (library.__loader__.is_package("library"), library.__spec__.has_location), (True, True))
    check("stdlib", os.__file__, f"/snapshot/lib/python3.{sys.version_info[1]}/os.py")
    check("package of stdlib", json.__path__, [os.path.dirname(os.__file__) + "/json"])
    check("main", (__name__, __spec__, __package__), ("__main__", None, None))
    check("here", library.hidden.HERE, LIBRARY)


def sources():
    """Source text is available if public, else None; names and lines always are."""
    check("public", inspect.getsource(library).splitlines()[0], '"""A package whose source is in the image."""')
    check("withheld", library.hidden.__loader__.get_source("library.hidden"), None)
    try:
        library.hidden.fail()
    except RuntimeError:
        check("traceback", f'File "{LIBRARY}/hidden.py", line 11, in fail' in traceback.format_exc(), True)
    try:
        importlib.import_module("library.none")
    except ImportError as error:
        check("missing", (type(error), error.name), (ModuleNotFoundError, "library.none"))


def tools():
    """pkgutil, importlib.resources, importlib.metadata."""
    check("iter_modules", [m.name for m in pkgutil.iter_modules(library.__path__)], ["hidden"])
    check("walk_packages", [m.name for m in pkgutil.iter_modules([ROOT]) if m.ispkg], ["library"])
    check("get_data", pkgutil.get_data("library", "../data/a.txt"), b"text data\n")
    resource = importlib.resources.files("library") / "__init__.py"
    check("files", (resource.is_file(), resource.read_text().count("\n")), (True, 3))
    with importlib.resources.as_file(resource) as path:
        check("as_file", str(path), LIBRARY + "/__init__.py")
    check("no distribution", list(importlib.metadata.distributions(path=[ROOT])), [])
    check("reload", importlib.reload(library).VALUE, 1)


def namespaces():
    """A package without __init__, which a real directory extends."""
    part = importlib.import_module("space.part")
    space = sys.modules["space"]
    check("namespace", (part.VALUE, list(space.__path__), space.__file__), (3, [ROOT + "/space"], None))
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/space")
        with open(folder + "/space/more.py", "w") as stream:
            stream.write("VALUE = 4\n")
        sys.path.append(folder)
        check("namespace in two places", importlib.import_module("space.more").VALUE, 4)
        sys.path.remove(folder)


def other_ways():
    """Modules found under other names than in the index, and modules of real directories."""
    sys.path.insert(0, LIBRARY)
    hidden = importlib.import_module("hidden")
    check("by path", (hidden.__file__, hidden.HERE), (LIBRARY + "/hidden.py", LIBRARY))
    spec = importlib.util.spec_from_file_location("renamed", LIBRARY + "/hidden.py")
    renamed = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renamed)
    check("from a file", renamed.HERE, LIBRARY)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("plugin_of_user.py", "VALUE = 2\n"), ("library2/__init__.py", ""), ("library2/x.py", "")):
            os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
            with open(f"{folder}/{name}", "w") as stream:
                stream.write(text)
        sys.path.append(folder)
        check("plugin", importlib.import_module("plugin_of_user").VALUE, 2)
        check("plugin package", importlib.import_module("library2.x").__file__, folder + "/library2/x.py")
    check("collector", gc.get_threshold()[0] < 10_000, True)


def application():
    """How a program can tell that it is packaged."""
    check("frozen", (sys.frozen, sys._MEIPASS), (True, "/snapshot/_MEIPASS"))
    if sys.version_info >= (3, 13):
        # Debuggers that attach look for the thread that runs the main module.
        interpreters = importlib.import_module("_interpreters")
        check("running", interpreters.is_running(interpreters.get_main()[0]), True)
    check("pypkg", (sys.pypkg.entrypoint, sys.pypkg.default_entrypoint), (__file__, __file__))
    check("argv", (sys.argv[0], sys.argv[1:]), (sys.executable, ["-c", "x", "-V"]))
    check("flags", (sys.flags.isolated, sys.flags.no_site, sys.flags.ignore_environment), (1, 1, 1))
    check("prefixes", {sys.prefix, sys.exec_prefix, sys.base_prefix}, {"/snapshot"})
    check("builtins", [callable(item) for item in (exit, quit, help, copyright, credits, license)], [True] * 6)
    check("site", "site" in sys.modules, False)


application()
attributes()
sources()
tools()
namespaces()
other_ways()
finish()
