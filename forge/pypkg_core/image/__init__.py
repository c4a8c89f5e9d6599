"""The image: the read-only file system and module index inside an executable (docs/image-format.md)."""

from __future__ import annotations

from pypkg_core.image.layout import Codec, EntryType, ModuleKind
from pypkg_core.image.merge import merge_image
from pypkg_core.image.pieces import Pieces
from pypkg_core.image.reader import Bundle, Entry, Image, Module
from pypkg_core.image.writer import ImageBuilder

__all__ = [
    "Bundle",
    "Codec",
    "Entry",
    "EntryType",
    "Image",
    "ImageBuilder",
    "Module",
    "ModuleKind",
    "Pieces",
    "merge_image",
]
