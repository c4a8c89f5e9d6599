"""Run a program from source and note the files that it reads: ``<python> -I -S traced_program.py LOG TASK ARGS...``.

Standard library only: a base runs it. LOG gets one JSON string for each file. TASK is JSON:

    {"roots": [...], "sites": [...], "main": path of a script, or "", "source": text of a main module without a file}
"""

from __future__ import annotations

import json
import os
import runpy
import site
import sys
import types
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR


def main() -> None:
    """Run the program; its exit status is this one's."""
    log, text, *arguments = sys.argv[1:]
    task = json.loads(text)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    del sys.path[0:1]  # the directory of this file, unless Python was started without it
    sys.path[:] = [*task["roots"], *(path for path in sys.path if path not in task["roots"])]
    for directory in task["sites"]:
        site.addsitedir(directory)
    sys.argv = [task["main"] or task["name"], *arguments]
    sys.addaudithook(_Notes(descriptor).hook)
    if task["main"]:
        runpy.run_path(task["main"], run_name="__main__")
        return
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    exec(compile(task["source"], "__main__.py", "exec"), module.__dict__)  # noqa: S102  # the program's own entry


class _Notes:
    """Writes the path of each file that is opened for reading, once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen: set[str] = set()

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit event (docs.python.org/3/library/audit_events.html)."""
        if event == "open":
            path, mode, flags = arguments
            if (isinstance(mode, str) and not {"w", "a", "x", "+"}.isdisjoint(mode)) or (flags or 0) & _WRITES:
                return
        elif event == "import":
            path = arguments[1]
        elif event == "ctypes.dlopen":
            path = arguments[0]
        else:
            return
        if path and not isinstance(path, int):
            self._note(path)

    def _note(self, path: Any) -> None:
        try:
            full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100  # pathlib opens files itself
        except (TypeError, OSError):
            return
        if full not in self._seen:
            self._seen.add(full)
            os.write(self._descriptor, json.dumps(full).encode() + b"\n")


if __name__ == "__main__":
    main()
