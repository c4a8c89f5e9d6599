"""importlib.resources on packages, subpackages and namespaces."""

import importlib.resources
import os
import warnings

import library
import library.inner
import space
from checking import check, each

NEW = hasattr(importlib.resources, "files")


def _tree(item, depth=0):
    names = {}
    for child in item.iterdir():
        # Bytecode is stored where it was compiled.
        if child.name != "__pycache__":
            names[child.name] = _tree(child, depth + 1) if child.is_dir() else child.is_file()
    return names


def _as_file(item):
    with importlib.resources.as_file(item) as path:
        found = sorted(os.listdir(path)) if os.path.isdir(path) else open(path, "rb").read()
        return [str(path), [name for name in found if name != "__pycache__"] if isinstance(found, list) else found]


@check
def files():
    root = importlib.resources.files("library")
    return each(
        kind=(lambda: type(root).__name__,),
        root=(lambda: str(root),),
        tree=(lambda: _tree(root),),
        text=(lambda: (root / "data" / "words.txt").read_text("utf-8"),),
        data=(lambda: root.joinpath("data", "words.txt").read_bytes(),),
        joined=(lambda: root.joinpath("data/words.txt").is_file(),),
        open=(lambda: root.joinpath("data/words.txt").open("rb").read(),),
        missing=(lambda: (root / "none").read_text(),),
        missing_is=(lambda: [(root / "none").is_file(), (root / "none").is_dir()],),
        module=(lambda: str(importlib.resources.files(library)),),
        subpackage=(lambda: _tree(importlib.resources.files("library.inner")),),
        of_a_module=(lambda: str(importlib.resources.files("library.withheld")),),
        no_package=(lambda: importlib.resources.files("none"),),
        site=(lambda: importlib.resources.files("sample").joinpath("words.txt").read_text(),),
    )


@check
def as_file():
    root = importlib.resources.files("library")
    return each(file=(_as_file, root / "data" / "words.txt"), missing=(_as_file, root / "none"))


@check
def as_file_of_a_directory():
    return _as_file(importlib.resources.files("library") / "data")


@check
def namespaces():
    root = importlib.resources.files("space")
    return each(
        tree=(lambda: _tree(root),),
        project=(lambda: (root / "here.txt").read_text(),),
        site=(lambda: (root / "there.txt").read_text(),),
        both=(lambda: sorted(item.name for item in (root / "common").iterdir()),),
        module=(lambda: sorted(_tree(importlib.resources.files(space))),),
        folder=(lambda: importlib.resources.files("data.plain").joinpath("a.txt").read_text(),),
    )


@check
def old_functions():
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calls = {
            "contents": ("library.data_package",),
            "is_resource": ("library.data_package", "words.txt"),
            "read_text": ("library.data_package", "words.txt"),
            "read_binary": ("library.data_package", "words.txt"),
            "open_text": ("library.data_package", "words.txt"),
            "open_binary": ("library.data_package", "words.txt"),
            "path": ("library.data_package", "words.txt"),
        }
        for name, arguments in calls.items():
            function = getattr(importlib.resources, name, None)
            found[name] = _used(function, arguments) if function else None
        found["is_resource of a folder"] = importlib.resources.is_resource("library", "data")
        found["is_resource of nothing"] = importlib.resources.is_resource("library", "none")
    return found


def _used(function, arguments):
    result = function(*arguments)
    if hasattr(result, "__enter__"):
        with result as inner:
            return inner.read() if hasattr(inner, "read") else str(inner)
    if isinstance(result, (str, bytes, bool)):
        return result
    return sorted(name for name in result if name != "__pycache__")


@check
def readers():
    reader = library.__spec__.loader.get_resource_reader("library")
    return each(
        resource_path=(lambda: reader.resource_path("data"),),
        is_resource=(lambda: [reader.is_resource("__init__.py"), reader.is_resource("none")],),
        open_resource=(lambda: reader.open_resource("data/words.txt").read(),),
        files=(lambda: str(reader.files()),),
    )
