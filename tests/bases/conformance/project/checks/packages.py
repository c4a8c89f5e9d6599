"""Modules and packages: specs, pkgutil, namespaces, reloading."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pkgutil
import sys

from checking import DATA, PROJECT, SITE, check, each, outcome, scratch

NAMES = ("library", "library.withheld", "library.inner", "library.inner.leaf", "public", "public.open_", "space",
         "space.one", "space.two", "extended", "extended.first", "extended.second", "sample", "sample.part", "json",
         "json.decoder", "collections", "zipfile", "sys", "os", "none", "library.none", "none.none", "checks",
         "library.withheld.x")  # fmt: skip


def _spec(name):
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    locations = spec.submodule_search_locations
    return {
        "name": spec.name,
        "origin": spec.origin,
        "cached": spec.cached,
        "parent": spec.parent,
        "locations": list(locations) if locations is not None else None,
        "has_location": spec.has_location,
        "source loader": isinstance(spec.loader, importlib.machinery.SourceFileLoader),
        "inspect loader": isinstance(spec.loader, importlib.abc.InspectLoader),
        "path": getattr(spec.loader, "path", None),
        "is_package": outcome(lambda: spec.loader.is_package(name)),
        "filename": outcome(lambda: spec.loader.get_filename(name)),
        "code": outcome(lambda: type(spec.loader.get_code(name)).__name__),
    }


@check
def find_spec():
    return {name: outcome(_spec, name) for name in NAMES}


@check
def attributes():
    found = {}
    for name in ("library", "library.withheld", "public.open_", "space", "space.two", "sample", "extended.second"):
        module = importlib.import_module(name)
        spec = module.__spec__
        path = getattr(module, "__path__", None)
        found[name] = {
            "file": getattr(module, "__file__", "none"),
            "cached": getattr(module, "__cached__", "none"),
            "package": module.__package__,
            "path": None if path is None else list(path),
            "loader": module.__loader__ is spec.loader,
            "repr": repr(module),
            "doc": module.__doc__,
            "file exists": os.path.exists(getattr(module, "__file__", None) or PROJECT),
        }
    return found


@check
def importing():
    def failing(name):
        try:
            importlib.import_module(name)
        except ImportError as error:
            return [type(error).__name__, error.name, error.path, error.msg.splitlines()[0]]
        return "imported"

    def from_import():
        from library import nothing  # noqa: F401

    def relative():
        return importlib.import_module(".inner.leaf", "library").VALUE

    return each(
        missing=(failing, "none"),
        missing_inside=(failing, "library.none"),
        not_a_package=(failing, "library.withheld.x"),
        missing_name=(lambda: failing_from(from_import),),
        raising=(failing, "library.raising"),
        broken_left_nothing=(lambda: "library.raising" in sys.modules,),
        relative=(relative,),
        beyond=(lambda: importlib.import_module("....x", "library.inner"),),
        parent_attribute=(lambda: importlib.import_module("library").inner.leaf.VALUE,),
        star=(_star,),
        lazy=(lambda: importlib.import_module("library").lazily,),
        circular=(lambda: importlib.import_module("library.circle_one").VALUE,),
        dunder_import=(lambda: __import__("library.inner.leaf").__name__,),
        frozen=(lambda: sys.modules["os"].__name__,),
    )


def failing_from(function):
    """An ImportError's parts."""
    try:
        function()
    except ImportError as error:
        return [type(error).__name__, error.name, error.path, error.msg.splitlines()[0]]
    return "imported"


def _star():
    space = {}
    exec("from library import *", space)  # noqa: S102
    return sorted(name for name in space if not name.startswith("__"))


@check
def reload():
    library = importlib.import_module("library")
    library.VALUE = "changed"
    library.own = 1
    again = importlib.reload(library)
    leaf = importlib.import_module("library.inner.leaf")
    return [
        again is library,
        library.VALUE,
        library.own,
        importlib.reload(leaf).VALUE,
        outcome(importlib.reload, sys) is sys,
    ]


@check
def forgetting():
    import library.inner.leaf as first

    del sys.modules["library.inner.leaf"]
    second = importlib.import_module("library.inner.leaf")
    importlib.invalidate_caches()
    return [first is second, first.__file__ == second.__file__, second.VALUE]


@check
def pkgutil_tools():
    import library

    return each(
        iter_modules=(lambda: sorted((m.name, m.ispkg) for m in pkgutil.iter_modules(library.__path__)),),
        prefix=(lambda: sorted(m.name for m in pkgutil.iter_modules(library.__path__, "library.")),),
        top=(lambda: sorted(m.name for m in pkgutil.iter_modules([PROJECT])),),
        site=(lambda: sorted((m.name, m.ispkg) for m in pkgutil.iter_modules([SITE])),),
        all=(lambda: {"library", "space", "sample", "json"} - {m.name for m in pkgutil.iter_modules()},),
        walk_packages=(lambda: sorted(m.name for m in pkgutil.walk_packages([f"{PROJECT}/library"], "library.", str)),),
        namespace=(lambda: sorted(m.name for m in pkgutil.iter_modules(importlib.import_module("space").__path__)),),
        get_data=(pkgutil.get_data, "library", "data/words.txt"),
        get_data_up=(pkgutil.get_data, "library", "../data/plain/a.txt"),
        get_data_missing=(pkgutil.get_data, "library", "none"),
        get_data_namespace=(pkgutil.get_data, "space", "none"),
        get_data_site=(pkgutil.get_data, "sample", "words.txt"),
        resolve_name=(lambda: pkgutil.resolve_name("library.inner.leaf:VALUE"),),
        get_importer=(lambda: type(pkgutil.get_importer(PROJECT)).__name__,),
        stdlib=(lambda: "decoder" in [m.name for m in pkgutil.iter_modules(importlib.import_module("json").__path__)],),
    )


@check
def extend_path():
    import extended
    import extended.first
    import extended.second

    return [list(extended.__path__), extended.first.VALUE, extended.second.VALUE, extended.second.__file__]


@check
def namespaces():
    import space

    found = each(
        portions=(lambda: list(space.__path__),),
        one=(lambda: importlib.import_module("space.one").VALUE,),
        two=(lambda: importlib.import_module("space.two").VALUE,),
        file=(lambda: getattr(space, "__file__", None),),
        origin=(lambda: space.__spec__.origin,),
        loader=(lambda: type(space.__loader__).__name__,),
        inner=(lambda: importlib.import_module("space.deeper.three").VALUE,),
        inner_path=(lambda: list(importlib.import_module("space.deeper").__path__),),
        empty=(lambda: list(importlib.import_module("emptyspace").__path__),),
        folder_of_data=(lambda: list(importlib.import_module("data").__path__),),
    )
    os.makedirs(scratch("more/space"), exist_ok=True)
    with open(scratch("more/space/real.py"), "w") as stream:
        stream.write("VALUE = 'real'\n")
    sys.path.append(scratch("more"))
    try:
        found["extended at run time"] = outcome(lambda: importlib.import_module("space.real").VALUE)
        found["portions then"] = list(space.__path__)
    finally:
        sys.path.remove(scratch("more"))
    return found


@check
def from_files():
    def loaded(path, name="renamed", **options):
        spec = importlib.util.spec_from_file_location(name, path, **options)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return [module.__name__, module.__file__, module.VALUE]

    def on_path(place, name):
        sys.path.insert(0, place)
        try:
            return [importlib.import_module(name).VALUE, importlib.import_module(name).__file__]
        finally:
            sys.path.remove(place)

    def loader_of():
        loader = importlib.machinery.SourceFileLoader("again", f"{PROJECT}/library/inner/leaf.py")
        return loader.load_module().VALUE

    return each(
        withheld=(loaded, f"{PROJECT}/library/inner/leaf.py"),
        public=(loaded, f"{PROJECT}/public/open_.py"),
        package=(lambda: loaded(f"{PROJECT}/library/__init__.py"),),
        site=(loaded, f"{SITE}/sample/part.py"),
        missing=(loaded, f"{PROJECT}/library/none.py"),
        data=(loaded, f"{DATA}/plugins/plugin.py"),
        no_python=(loaded, f"{DATA}/plain/a.txt"),
        on_path=(on_path, f"{PROJECT}/library/inner", "leaf"),
        on_path_data=(on_path, f"{DATA}/plugins", "plugin"),
        on_path_link=(on_path, f"{DATA}/links/to_library/inner", "leaf"),
        loader=(loader_of,),
        path_finder=(lambda: importlib.machinery.PathFinder.find_spec("library").origin,),
        path_finder_in=(lambda: importlib.machinery.PathFinder.find_spec("leaf", [f"{PROJECT}/library/inner"]).origin,),
        file_finder=(lambda: type(sys.path_importer_cache.get(f"{DATA}/plugins")).__name__,),
    )


@check
def loaders():
    import library
    import library.withheld
    import public.open_

    one, other = library.__spec__.loader, library.withheld.__spec__.loader
    return each(
        is_package=(lambda: [one.is_package("library"), other.is_package("library.withheld")],),
        path=(lambda: [one.path, other.path, one.name],),
        get_data=(lambda: one.get_data(f"{DATA}/plain/a.txt"),),
        get_data_missing=(lambda: one.get_data(f"{DATA}/none"),),
        get_data_directory=(lambda: one.get_data(DATA),),
        path_stats=(lambda: sorted(public.open_.__spec__.loader.path_stats(public.open_.__file__)),),
        path_mtime=(lambda: public.open_.__spec__.loader.path_mtime(public.open_.__file__) > 0,),
        source_public=(lambda: public.open_.__spec__.loader.get_source("public.open_").splitlines()[0],),
        wrong_name=(lambda: one.get_filename("other"),),
        set_data=(lambda: one.set_data(f"{DATA}/new", b"x"),),
        cache_from_source=(lambda: importlib.util.cache_from_source(library.__file__),),
        source_from_cache=(lambda: importlib.util.source_from_cache(library.__cached__),),
    )


@check
def lazy_loader():
    spec = importlib.util.find_spec("library.inner.leaf")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VALUE
