"""A package whose source text is withheld."""

import importlib

VALUE = "library"
__all__ = ["VALUE", "withheld"]


def __getattr__(name):
    if name == "lazily":
        return importlib.import_module("library.inner.leaf").VALUE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
