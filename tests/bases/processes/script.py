"""A script that the program runs with its own executable."""

import os
import sys

import library

print("script", __name__, __file__, sys.argv, library.VALUE, __spec__, sys.path[0])
print(os.environ.get("PYPKG_REENTRY"), sys.frozen)
