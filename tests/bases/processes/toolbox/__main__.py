"""What `-m toolbox` runs."""

import sys

print("toolbox", __name__, __file__, sys.argv, __spec__.name)
