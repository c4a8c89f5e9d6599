"""Subinterpreters."""

import os
import sys

from checks import check, finish

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

PROGRAM = """
import json, os, sys
import library, library.hidden
exit
seen = [sys.frozen, sys._MEIPASS, sys.pypkg.entrypoint, library.__file__, json.dumps(library.hidden.HERE), sys.argv,
        sys.executable, sys.path, sys.flags.isolated]
os.write(fd, repr(seen).encode())
"""


def run(config):
    """Return what an interpreter of this kind sees."""
    interpreter = interpreters.create(*config)
    reader, writer = os.pipe()
    interpreters.run_string(interpreter, f"fd = {writer}\n{PROGRAM}")
    os.close(writer)
    interpreters.destroy(interpreter)
    with os.fdopen(reader) as stream:
        return stream.read()


ROOT = os.path.dirname(__file__)  # noqa: PTH120
WANTED = repr([True, "/snapshot/_MEIPASS", __file__, f"{ROOT}/library/__init__.py", f'"{ROOT}/library"', sys.argv, sys.executable,
               sys.path, 1])  # fmt: skip
for config in [(), ("legacy",)] if sys.version_info >= (3, 13) else [()]:
    for _ in range(3):
        check(f"interpreter {config}", run(config), WANTED)
finish()
