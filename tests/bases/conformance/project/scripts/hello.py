"""A script that is run by its path."""

import sys

VALUE = "hello"
print(__name__, __file__, sys.argv[0] == __file__)

if __name__ == "__main__":
    print("as main")
