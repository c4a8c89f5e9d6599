"""The image: the read-only file system and module index inside an executable (docs/image-format.md)."""

from __future__ import annotations

from pypkg_core.image.codecs import Dictionary
from pypkg_core.image.layout import MAJOR as FORMAT
from pypkg_core.image.layout import Codec, EntryType, ImageFlag, ModuleKind
from pypkg_core.image.merge import merge_image
from pypkg_core.image.other_format import OtherFormatError
from pypkg_core.image.pieces import Pieces
from pypkg_core.image.reader import Bundle, Entry, EntryPoint, Image, Module
from pypkg_core.image.writer import ImageBuilder

__all__ = [
    "FORMAT",
    "Bundle",
    "Codec",
    "Dictionary",
    "Entry",
    "EntryPoint",
    "EntryType",
    "Image",
    "ImageBuilder",
    "ImageFlag",
    "Module",
    "ModuleKind",
    "OtherFormatError",
    "Pieces",
    "merge_image",
]
