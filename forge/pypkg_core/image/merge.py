"""Copies an image into another one: a base's standard library into an application's image."""

from __future__ import annotations

from collections.abc import Callable

from pypkg_core.image.layout import EntryType
from pypkg_core.image.reader import Entry, Image
from pypkg_core.image.writer import ImageBuilder

__all__ = ["merge_image"]


def merge_image(
    builder: ImageBuilder,
    image: Image,
    *,
    withhold: Callable[[Entry], bool],
    leave_out: Callable[[Entry], bool] = lambda _: False,
) -> None:
    """Add the entries, modules and bundles of ``image`` to ``builder``, as they are stored.

    Paths and modules that the builder already has are kept. Flags, entry points, search path and manifest are
    not copied.

    Args:
        withhold: whether a readable file is visible but not readable in the new image.
        leave_out: whether a file, with the modules made from it, is not copied.

    Raises:
        PypkgError: an entry conflicts with one of the builder (a file in place of a directory).
    """
    for entry in image.entries:
        if builder.has_path(entry.path) or (entry.type is EntryType.FILE and leave_out(entry)):
            continue
        if entry.type is EntryType.DIRECTORY:
            builder.add_directory(entry.path)
        elif entry.type is EntryType.LINK:
            builder.add_symlink(entry.path, entry.target)
        elif entry.withheld or withhold(entry):
            builder.add_withheld(entry.path)
        else:
            builder.add_file(entry.path, image.blob(entry), executable=entry.executable)
    for module in image.modules:
        if not builder.has_module(module.name) and builder.has_path(module.entry.path):
            code = image.blob(module) if module.kind.has_code else None
            builder.add_module(module.name, module.kind, module.entry.path, code)
    for bundle in image.bundles:
        builder.add_bundle(bundle.name, [member.path for member in bundle.members])
