"""Prints what the standard library makes of a variable of Python's own; `child` does so in the interpreter inside."""

import json
import subprocess
import sys


def read(name):
    """What depends on a variable, by the module that reads it."""
    if name == "PYTHONTZPATH":
        import zoneinfo  # noqa: PLC0415 - it reads the variable when it is imported

        return {"zoneinfo": zoneinfo.TZPATH}
    if name == "PYTHONDOCS":
        import pydoc  # noqa: PLC0415

        return {"pydoc": [pydoc.Doc.PYTHONDOCS, pydoc.Doc().getdocloc(json)]}
    import site  # noqa: PLC0415
    import sysconfig  # noqa: PLC0415

    if name == "PYTHONUSERBASE":
        return {"site": site.getuserbase(), "sysconfig": sysconfig.get_path("data", f"{sysconfig.os.name}_user")}
    if name == "_PYTHON_HOST_PLATFORM":
        return {"platform": sysconfig.get_platform()}
    if name == "_PYTHON_PROJECT_BASE":
        return {"base": sysconfig._PROJECT_BASE}
    return {"name": sysconfig._get_sysconfigdata_name()}


if sys.argv[1] == "child":
    code = "import sys; sys.argv[1:] = [sys.argv[1]]; import runpy; runpy.run_path(sys.pypkg.entrypoint)"
    sys.exit(subprocess.run([sys.executable, "-c", code, sys.argv[2]], check=False).returncode)
print(json.dumps(read(sys.argv[1])))
