"""Starts its own executable, or others, as its argument says: JSON with `how` and `line`.

With other arguments it prints them.
"""

import json
import os
import subprocess
import sys

import library


def describe():
    """Print what this process is."""
    variable = os.environ.get("PYPKG_REENTRY")
    print("application", sys.argv[1:], sys.flags.optimize, sys.warnoptions, library.VALUE, variable)
    assert sys.argv[0] == sys.executable
    assert (__name__, __file__) == ("__main__", sys.pypkg.entrypoint)


def start_asynchronously(line, options):
    """asyncio's subprocess."""
    import asyncio  # noqa: PLC0415 - it takes longer to import than all else here

    async def start_and_wait():
        child = await asyncio.create_subprocess_exec(*line, **options)
        return await child.wait()

    return asyncio.run(start_and_wait())


def start(how, line, options):
    """Start a process, or replace this one; return the exit code."""
    environment = options.get("env", os.environ)
    match how:
        case "run":
            return subprocess.run(line, **options, check=False).returncode
        case "spawning":  # subprocess without vfork: os.posix_spawn
            return subprocess.run(line, **options, close_fds=False, check=False).returncode
        case "forking":
            return subprocess.run(line, **options, preexec_fn=int, check=False).returncode
        case "asyncio":
            return start_asynchronously(line, options)
        case "posix_spawn" | "posix_spawnp":
            process = getattr(os, how)(line[0], line, environment)
            return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        case "execv":
            os.execv(line[0], line)
        case "execvp":
            os.execvp(line[0], line)
        case "execve":
            os.execve(line[0], line, environment)
        case "fexecve":
            os.execve(os.open(line[0], os.O_RDONLY), line, environment)


def main():
    """Do what the argument says; `@` stands for sys.executable, `@file` for __file__, `@argv` for sys.argv."""
    request = json.loads(sys.argv[1]) if sys.argv[1:] and sys.argv[1][0] == "{" and "AGAIN" not in os.environ else None
    if request is None:
        describe()
        return
    os.environ["AGAIN"] = "1"
    line = []
    for item in request["line"]:
        line += sys.argv if item == "@argv" else [{"@": sys.executable, "@file": __file__}.get(item, item)]
    options = {name: request[name] for name in ("cwd", "env") if name in request}
    sys.stdout.flush()
    try:
        code = start(request["how"], line, options)
    except OSError as error:
        code = type(error).__name__
    print("exit", code)


if __name__ == "__main__":
    main()
