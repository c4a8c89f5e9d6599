"""Make the image of an application: the payload, over the standard library of the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pypkg.items import Payload
from pypkg.pipeline.excluded import without_modules
from pypkg.pipeline.source_policy import WITHHOLD_ALL, SourcePolicy
from pypkg_core.bases.record import Base
from pypkg_core.image import FORMAT, Codec, Image, ImageBuilder, ImageFlag, ModuleKind, Pieces, merge_image
from pypkg_core.image.reader import Entry
from pypkg_core.snapshot import SITE_PACKAGES
from pypkg_core.version import VERSION

__all__ = ["build_image"]

# Of zstd, for source text: the highest level saves an eighth more and takes a hundred times as long.
_LEVEL: Final = 3
# Packaged under --debug only: it prints what is in the executable.
_DIAGNOSTICS: Final = "_pypkg_diagnostics"
# What a base's manifest says of its own image, or what the application's says in the same words.
_OWN_FACTS: Final = frozenset({"format", "kind", "name", "python", "target"})


def build_image(
    payload: Payload,
    base: Base,
    *,
    name: str,
    mtime: int,
    policy: SourcePolicy = WITHHOLD_ALL,
    options: Sequence[str] = (),
    interpreter: bool = True,
    stdlib: Mapping[str, bytes] | None = None,
    excludes: Sequence[str] = (),
    debug: bool = False,
) -> Pieces:
    """Return the image of an application.

    Args:
        payload: what was collected.
        base: its standard library is merged in.
        name: the project's, for the manifest.
        mtime: of every file, in seconds since 1970.
        policy: whose source text is packaged.
        options: the interpreter's, as on its command line.
        interpreter: whether the program is the interpreter to processes that it starts.
        stdlib: code that replaces that of the base's modules, by module.
        excludes: modules of the base to leave out.
        debug: whether the runtime's diagnostics are packaged.

    Raises:
        PypkgError: a file cannot be read, or two parts have the same path.
    """
    reentry = ImageFlag(0) if interpreter else ImageFlag.NO_REENTRY
    builder = ImageBuilder(mtime, base.image.flags & ImageFlag.FOLDED | reentry)
    _add_files(builder, payload)
    _add_modules(builder, payload, policy)
    _add_links(builder, payload)
    for bundle in payload.bundles:
        builder.add_bundle(bundle.name, bundle.paths)
    _add_stdlib(builder, without_modules(base.image, excludes), policy, stdlib or {}, debug=debug)
    builder.set_search_path(_search_path(payload.search_path, base))
    builder.add_entry_point(name, options=options)
    builder.set_manifest(_manifest(base, name))
    return builder.pieces()


def _add_files(builder: ImageBuilder, payload: Payload) -> None:
    for file in payload.files:
        data = file.data if file.data is not None else file.source
        builder.add_file(file.path, b"" if data is None else data, executable=file.executable)
    for directory in payload.directories:
        builder.add_directory(directory)


def _add_modules(builder: ImageBuilder, payload: Payload, policy: SourcePolicy) -> None:
    for module in payload.modules:
        if module.kind is ModuleKind.NAMESPACE:
            builder.add_directory(module.path)
        elif module.kind.has_code and not builder.has_path(module.path):
            if module.source is not None and (module.readable or policy.includes_source(module)):
                builder.add_file(module.path, module.source, codec=Codec.ZSTD, level=_LEVEL)
            else:
                builder.add_withheld(module.path)
        builder.add_module(module.name, module.kind, module.path, module.code)


def _add_links(builder: ImageBuilder, payload: Payload) -> None:
    for path, target in payload.links.items():
        if not builder.has_path(path):
            builder.add_symlink(path, target)


def _add_stdlib(
    builder: ImageBuilder, image: Image, policy: SourcePolicy, codes: Mapping[str, bytes], *, debug: bool
) -> None:
    sources = {module.entry.path for module in image.modules if module.kind.has_code}
    diagnostics = None if debug else image.find_module(_DIAGNOSTICS)

    def withhold(entry: Entry) -> bool:
        return entry.path in sources and not policy.library

    def leave_out(entry: Entry) -> bool:
        return diagnostics is not None and entry.path == diagnostics.entry.path

    for module in image.modules:
        code = codes.get(module.name)
        if code is not None and not builder.has_module(module.name) and not leave_out(module.entry):
            builder.add_module(module.name, module.kind, module.entry.path, code)
    merge_image(builder, image, withhold=withhold, leave_out=leave_out)


def _search_path(own: Sequence[str], base: Base) -> list[str]:
    """Return ``sys.path`` in Python's order: the project, the standard library, installed distributions."""
    result = list(own)
    missing = [item for item in base.image.search_path if item not in own]
    site_packages = base.target.facts.snapshot_path(SITE_PACKAGES)
    sites = [index for index, item in enumerate(result) if item.startswith(site_packages)]
    at = sites[0] if sites else len(result)
    result[at:at] = missing
    return result


def _manifest(base: Base, name: str) -> dict[str, object]:
    """Return the manifest: see docs/image-format.md."""
    facts = {key: value for key, value in base.image.manifest.items() if key not in _OWN_FACTS}
    return {
        "base": {**facts, "sha256": base.sha256},
        "format": FORMAT,
        "kind": "application",
        "name": name,
        "pypkg": VERSION,
        "python": base.version,
        "target": base.target.name,
    }
