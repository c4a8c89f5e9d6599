"""Runs every check and writes the results: ``app RESULTS SCRATCH [SITE]``.

The same program runs from source and packaged. From source, SITE is the directory of installed distributions.
"""

import importlib
import json
import os
import pickle
import sys
import warnings

from checking import GROUPS, plain, run_group


class Portrait:
    """An object of ``__main__`` to be pickled."""

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None


def main():
    """Run the groups one after the other, always in the same order."""
    if "CONFORMANCE_SCRATCH" in os.environ:
        sys.exit("a check started the program itself again")
    results, scratch = sys.argv[1:3]
    warnings.simplefilter("ignore")
    if sys.argv[3:]:
        sys.path.append(sys.argv[3])
    os.environ["CONFORMANCE_SCRATCH"] = scratch
    found = {}
    for group in GROUPS:
        found[group] = run_group(importlib.import_module(f"checks.{group}"), group)
    found["testing"].update(pickled())
    with open(results, "w", encoding="utf-8") as stream:  # noqa: PTH123
        json.dump(found, stream, sort_keys=True)


def pickled():
    """Objects of ``__main__`` are found again by their names."""
    data = pickle.dumps([Portrait("Ada"), Portrait], protocol=2)
    again = pickle.loads(data)  # noqa: S301
    return {"pickle_of_main": plain([b"__main__" in data, again == [Portrait("Ada"), Portrait]])}


if __name__ == "__main__":
    main()
