"""The importer of packaged programs: modules come from the image inside the executable.

``importlib``'s own ``_install`` calls :func:`install` before anything, even ``encodings``, is imported from a file. So
this module may import only built-in and frozen modules.
"""

import _frozen_importlib as _bootstrap
import _frozen_importlib_external as _external
import sys

import _pypkg

_ROOT = _pypkg.ROOT + "/"

# Kinds of modules: docs/image-format.md, "Module".
_PACKAGE = 2
_NAMESPACE = 3
_EXTENSION = 4
_EXTENSION_PACKAGE = 5

_find_module = _pypkg.find_module
_is_mounted = _pypkg.is_mounted
_find_on_path = _external.PathFinder.find_spec
_ModuleSpec = _bootstrap.ModuleSpec
_FileLoader = _external.FileLoader
_SourceLoader = _external.SourceLoader
_SourceFileLoader = _external.SourceFileLoader
_ExtensionFileLoader = _external.ExtensionFileLoader


class SnapshotLoader(_SourceFileLoader):
    """Loads a module from the image. Its interface is that of the loader of a source file."""

    # A C function, so that tracebacks of failing imports have no frame of the importer.
    exec_module = staticmethod(_pypkg.exec_module)

    def __init_subclass__(cls):
        """Let a class that derives from this one load modules by its own methods, as importlib's loaders do."""
        super().__init_subclass__()
        cls.exec_module = cls.__dict__.get("exec_module", _SourceLoader.exec_module)
        cls.get_code = cls.__dict__.get("get_code", _get_code)

    def get_code(self, fullname):
        """The code object of the module ``fullname``; ImportError if it has none."""
        return _pypkg.get_code(fullname)

    def get_source(self, fullname):
        """The source text, or None if it is not in the image."""
        try:
            return _SourceFileLoader.get_source(self, fullname)
        except ImportError:
            return None

    def get_data(self, path):
        """The contents of the file at ``path``, as bytes; OSError as open() raises it."""
        if str(path).startswith(_ROOT):
            data = _pypkg.read(path)
            if data is not None:
                return data
        return _SourceFileLoader.get_data(self, path)


# The search path of the image. Set by install.
_image_path = frozenset()


def _find_before(fullname, directory):
    """The spec of a top-level module that is found on ``sys.path`` before ``directory``, or None.

    The index of the image already respects the order of its own search path. Only items that the program added are
    searched: a real directory, an archive, a folder of vendored packages.
    """
    for item in sys.path:
        if item == directory:
            break
        if isinstance(item, str) and (item not in _image_path or _is_mounted(item)):
            spec = _find_on_path(fullname, [item])
            if spec is not None and spec.loader is not None:
                return spec
    return None


class SnapshotFinder:
    """Meta path finder over the module index of the image."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # noqa: ARG004 - the protocol's name
        """The spec of a module in the image, or None.

        A submodule is found only below a directory of its parent's ``__path__``, as with ordinary files, so that a
        package of the same name in a real directory keeps its own submodules. Namespace packages are left to
        ``PathFinder``, which sees the directories of the snapshot like any others.
        """
        if fullname == "__main__":
            # The one in the index is the program. runpy searches for another one on sys.path.
            return None
        found = _find_module(fullname)
        if found is None:
            return None
        kind, origin, cached, directory = found
        if kind == _NAMESPACE or (path is not None and directory not in path) or _is_mounted(origin):
            return None
        if _has_path_hook():
            hooked = _find_on_path(fullname, path)
            if hooked is not None and type(hooked.loader) not in _OWN_LOADERS:
                return hooked
        if path is None:
            shadowing = _find_before(fullname, directory)
            if shadowing is not None:
                return shadowing
        loader_class = _ExtensionFileLoader if kind >= _EXTENSION else SnapshotLoader
        spec = _ModuleSpec(fullname, loader_class(fullname, origin), origin=origin)
        spec._set_fileattr = True
        if kind < _EXTENSION:
            spec._cached = cached
        if kind in (_PACKAGE, _EXTENSION_PACKAGE):
            spec.submodule_search_locations = [origin.rpartition("/")[0]]
        return spec


_OWN_LOADERS = frozenset({SnapshotLoader, _SourceFileLoader, _external.SourcelessFileLoader, _ExtensionFileLoader})
# The path hook of ordinary directories. Set by install.
_directory_hook = None


def _has_path_hook():
    """Whether the program put a path hook before those of the interpreter: then it decides who loads what."""
    first = sys.path_hooks[0] if sys.path_hooks else _directory_hook
    return first is not _directory_hook and getattr(first, "__module__", None) != "zipimport"


def _get_code(self, fullname):
    """``SourceFileLoader.get_code`` for files that are loaded by another loader than that of the image.

    ``sys.path.insert(0, dirname(__file__))``, ``spec_from_file_location`` and import hooks get here: the source may be
    withheld, but its code is in the image. A loader that changes source text gets the text.
    """
    if str(self.path).startswith(_ROOT) and not _is_mounted(self.path):
        code = _pypkg.code_at(self.path)
        if code is not None:
            if not _changes_source(type(self)):
                return code
            try:
                return _SourceLoader.get_code(self, fullname)
            except PermissionError:
                _tell_unchanged(type(self), fullname)
                return code
    return _SourceLoader.get_code(self, fullname)


def _changes_source(loader):
    """Whether a class of loaders has methods of its own for what is between the file and the code."""
    reads = loader.get_data not in (_FileLoader.get_data, SnapshotLoader.get_data)
    return reads or loader.source_to_code is not _SourceLoader.source_to_code


_told = set()


def _tell_unchanged(loader, fullname):
    """Warn that a module runs as it was packaged; once for each import hook."""
    if loader in _told:
        return
    _told.add(loader)
    import warnings  # noqa: PLC0415 - most programs have no import hook

    warnings.warn(
        f"{loader.__module__}.{loader.__qualname__} changes the source of modules as they are imported, but that of"
        f" {fullname!r} is not in this executable: it runs unchanged. Package its source: --public for that of the"
        " project, --public-packages for that of others",
        RuntimeWarning,
        stacklevel=2,
    )


def _missing(message, *, name):
    """The ModuleNotFoundError of importlib with a note on what to do; see patch 0005."""
    error = ModuleNotFoundError(message, name=name)
    if name.partition(".")[0] in sys.stdlib_module_names:
        error.add_note(f"'{name}' belongs to the standard library, but the Python in this executable does not have it.")
    else:
        error.add_note(
            f"'{name}' is not in this executable. If it is installed where the program is packaged, name it in "
            f'[tool.pypkg]: hidden-imports = ["{name}"]'
        )
    return error


def _place_frozen_modules():
    """Set the paths of the frozen modules that were set up before ``sys._stdlib_dir`` was known."""
    importer = _bootstrap.FrozenImporter
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        state = getattr(spec, "loader_state", None)
        if state is None or spec.loader is not importer or not state.origname or state.filename:
            continue
        locations = spec.submodule_search_locations
        state.filename, directory = importer._resolve_filename(state.origname, spec.name, locations is not None)
        module.__file__ = state.filename
        if directory:
            locations.insert(0, directory)


def install():
    """Insert the finder before ``PathFinder``, if this executable has an image."""
    global _image_path, _directory_hook  # noqa: PLW0603 - one image, one search path
    image = _pypkg.image()
    if image is None:
        return
    _image_path = frozenset(image["search_path"])
    if not sys._stdlib_dir:
        # CPython 3.11 loses it if the search path is given; the __file__ of frozen modules depends on it.
        sys._stdlib_dir = f"{_ROOT}lib/python{sys.version_info[0]}.{sys.version_info[1]}"
        _place_frozen_modules()
    _directory_hook = sys.path_hooks[-1] if sys.path_hooks else None
    _SourceFileLoader.get_code = _get_code
    if _find_module("__main__") is not None:
        _bootstrap._pypkg_missing = _missing
    sys.meta_path.insert(sys.meta_path.index(_external.PathFinder), SnapshotFinder)
    if _find_module("__main__") is not None:
        import _pypkg_runtime  # noqa: PLC0415 - it is found by the finder just inserted

        _pypkg_runtime.start()
