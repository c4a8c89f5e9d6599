"""The whole way for one target: base, graph, image, executable."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg.collect.session import collect
from pypkg.items import Collection
from pypkg.messages import Messages
from pypkg.pipeline.source_policy import NOTHING_DISCLOSED, Disclosure
from pypkg.pipeline.stdlib import compile_library
from pypkg.project.config import Config
from pypkg.project.interpreter_options import optimization
from pypkg.project.outputs import Output
from pypkg.project.project import Project
from pypkg_core.atomic import atomic_write
from pypkg_core.bases.store import Base, need_base
from pypkg_core.binaries import attach_image, read_image
from pypkg_core.errors import PypkgError
from pypkg_core.image import ImageBuilder, ModuleKind, Pieces, merge_image
from pypkg_core.image.reader import Entry, Image
from pypkg_core.progress import Reporter
from pypkg_core.reproducible import source_date_epoch
from pypkg_core.snapshot import SITE_PACKAGES, snapshot_path
from pypkg_core.targets.catalogue import Target
from pypkg_core.version import VERSION

__all__ = ["Request", "build_image", "package"]

# Comes along under --debug only: it prints what is in the executable.
_DIAGNOSTICS: Final = "_pypkg_diagnostics"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is packaged, and how.

    Attributes:
        python: the interpreter or environment of ``--python``.
        build: forge the base, download nothing.
        debug: the executable can list its contents and trace accesses to them.
    """

    project: Project
    config: Config
    python: Path | None = None
    build: bool = False
    debug: bool = False


def _forge(target: Target, reporter: Reporter) -> Path:
    # Imported only here: the forge's tools are an extra, and most runs find a base in the cache.
    from pypkg_forge.driver.build import build  # noqa: PLC0415

    reporter.say(f"Forging the base for {target.name}; this takes some minutes, once")
    return build(target, progress=reporter).path


def package(request: Request, output: Output, messages: Messages) -> int:
    """Write the executable for one target and return its size in bytes.

    Raises:
        PypkgError: something on the way failed; what was at the output before is still there.
    """
    mtime = source_date_epoch()
    _prepare_directory(output.path)
    target, project = output.target, request.project
    messages.step(f"{target.name}: looking for the base")
    base = need_base(target, build=request.build, reporter=messages, forge=_forge)
    messages.detail(f"base: {base.path} (Python {base.version})")
    messages.step(f"{target.name}: collecting {project.name}")
    stdlib = [module.name for module in base.image.modules]
    level = optimization(request.config.options)
    collection = collect(project, target, request.python, base.path, request.config, stdlib=stdlib, optimize=level)
    library = compile_library(base, level, messages) if level else {}
    for warning in collection.warnings:
        messages.warning(warning)
    for notice in collection.notices:
        messages.say(notice)
    for detail in collection.details:
        messages.detail(detail)
    messages.step(f"{target.name}: writing {output.path}")
    disclosure = Disclosure.of(request.config, collection, messages)
    image = build_image(
        collection,
        base,
        name=project.name,
        mtime=mtime,
        disclosure=disclosure,
        options=request.config.options,
        library=library,
        debug=request.debug,
    )
    with atomic_write(output.path, 0o755) as file:
        attach_image(base.path, image, file)
        file.flush()
        _verify(Path(file.name), image)
        size = file.tell()
    _describe(collection, base.image, image, messages)
    return size


def build_image(
    collection: Collection,
    base: Base,
    *,
    name: str,
    mtime: int,
    disclosure: Disclosure = NOTHING_DISCLOSED,
    options: Sequence[str] = (),
    library: Mapping[str, bytes] | None = None,
    debug: bool = False,
) -> Pieces:
    """Return the image of an application: what was collected, over the base's standard library.

    Args:
        name: the project's, for the manifest.
        mtime: of every file, in seconds since 1970.
        disclosure: whose source text is packaged.
        options: the interpreter's, as on its command line.
        library: code that takes the place of the base's, by module.
        debug: the runtime's diagnostics come along.

    Raises:
        PypkgError: a file cannot be read, or two parts claim one place.
    """
    builder = ImageBuilder(mtime)
    _add_files(builder, collection)
    _add_modules(builder, collection, disclosure)
    for path, link in collection.links.items():
        if not builder.has_path(path):
            builder.add_symlink(path, link)
    for bundle in collection.bundles:
        builder.add_bundle(bundle.name, bundle.paths)
    sources = {module.entry.path for module in base.image.modules if module.kind.has_code}
    diagnostics = None if debug else base.image.find_module(_DIAGNOSTICS)

    def withhold(entry: Entry) -> bool:
        return entry.path in sources and not disclosure.library

    def leave_out(entry: Entry) -> bool:
        return diagnostics is not None and entry.path == diagnostics.entry.path

    for module in base.image.modules:
        code = (library or {}).get(module.name)
        if code is not None and not builder.has_module(module.name) and not leave_out(module.entry):
            builder.add_module(module.name, module.kind, module.entry.path, code)
    merge_image(builder, base.image, withhold=withhold, leave_out=leave_out)
    builder.set_search_path(_search_path(collection.search_path, base.image.search_path))
    builder.set_options(options)
    builder.set_manifest(_manifest(base.target, base.version, name))
    return builder.pieces()


def _add_files(builder: ImageBuilder, collection: Collection) -> None:
    for file in collection.files:
        data = file.data if file.data is not None else file.source
        builder.add_file(file.path, b"" if data is None else data, executable=file.executable)
    for directory in collection.directories:
        builder.add_directory(directory)


def _add_modules(builder: ImageBuilder, collection: Collection, disclosure: Disclosure) -> None:
    for module in collection.modules:
        kind = module.kind
        if kind is ModuleKind.NAMESPACE:
            builder.add_directory(module.path)
        elif kind.has_code and not builder.has_path(module.path):
            if module.source is not None and (module.readable or disclosure.covers(module)):
                builder.add_file(module.path, module.source)
            else:
                builder.add_withheld(module.path)
        builder.add_module(module.name, kind, module.path, module.code)


def _search_path(own: Sequence[str], base: Sequence[str]) -> list[str]:
    """Return ``sys.path``: the project, the standard library, installed distributions, as Python orders them."""
    result = list(own)
    missing = [item for item in base if item not in own]
    sites = [index for index, item in enumerate(result) if item.startswith(snapshot_path(SITE_PACKAGES))]
    at = sites[0] if sites else len(result)
    result[at:at] = missing
    return result


def _manifest(target: Target, version: str, name: str) -> dict[str, object]:
    return {
        "format": 1,
        "kind": "application",
        "name": name,
        "pypkg": VERSION,
        "python": version,
        "target": target.name,
    }


def _prepare_directory(path: Path) -> None:
    """Create the output's folder and see whether it can be written, before the long work."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PypkgError(f"Cannot write {path}: {error.strerror}", hint="Choose another place with --output") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise PypkgError(f"Cannot write {path}: Permission denied", hint="Choose another place with --output")


def _verify(path: Path, image: Pieces) -> None:
    """Read back what was written: a full disk or a broken one must not leave an executable behind."""
    found = read_image(path)
    if not image.matches(found.data):
        raise PypkgError(f"Cannot write {path}: what was read back is not what was written")
    found.verify()


def _describe(collection: Collection, base: Image, image: Pieces, messages: Messages) -> None:
    if not messages.debug_enabled:
        return
    messages.detail(f"image: {len(image)} bytes; the base's own was {len(base)}")
    for module in collection.modules:
        messages.detail(f"module {module.name}: {snapshot_path(module.path)}, {len(module.code or b'')} bytes of code")
    for file in collection.files:
        messages.detail(f"file {snapshot_path(file.path)}")
