"""Imports all of the standard library that can be imported, as a program does that has much to import."""

# ruff: noqa: PTH120
import contextlib
import importlib
import io
import os
import pkgutil

# Tests, windows, and modules that do something when they are imported.
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "tkinter", "turtle", "turtledemo", "ensurepip"}
LEFT_OUT |= {"__main__", "antigravity", "this", "__phello__"}

for name in sorted(module.name for module in pkgutil.walk_packages([os.path.dirname(os.__file__)], onerror=str)):
    if LEFT_OUT.isdisjoint(name.split(".")):
        with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(name)
