"""What the interpreter was told."""

import sys

flags = sys.flags
print(flags.optimize, flags.dev_mode, flags.isolated, sys.warnoptions, sys._xoptions, sys.argv[1:], sys.orig_argv[1:])
