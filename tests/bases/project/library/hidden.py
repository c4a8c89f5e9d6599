"""A module whose source is withheld."""
# ruff: noqa: PTH120

import os

HERE = os.path.dirname(__file__)


def fail():
    """Raise, so that the traceback can be examined."""
    raise RuntimeError("on purpose")
