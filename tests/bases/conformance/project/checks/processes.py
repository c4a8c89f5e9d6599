"""Other programs and packaged files; packaged programs; a server that serves packaged files."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from checking import DATA, FILE, PROJECT, check, each

TOOL = f"{DATA}/plain/run.sh"


def _ran(*command, **options):
    done = subprocess.run(command, capture_output=True, check=False, timeout=20, **options)
    return [done.returncode, done.stdout, done.stderr[:0]]


def _spawned(path):
    silent = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    return os.waitpid(os.posix_spawn(path, [path], os.environ, file_actions=silent), 0)[1]


@check
def packaged_programs():
    return each(
        run=(_ran, TOOL),
        arguments=(_ran, TOOL, "a", "b c"),
        link=(_ran, f"{DATA}/links/to_program"),
        found=(lambda: _ran(shutil.which("run.sh", path=f"{DATA}/plain")),),
        on_path=(lambda: _ran("run.sh", env={**os.environ, "PATH": f"{DATA}/plain:{os.environ['PATH']}"}),),
        spawn=(_spawned, TOOL),
        no_program=(_ran, FILE),
        directory=(_ran, DATA),
        missing=(_ran, f"{DATA}/none"),
        dangling=(_ran, f"{DATA}/links/dangling"),
    )


@check
def python_again():
    read = f"print(open({FILE!r}).read())"
    return each(
        code=(_ran, sys.executable, "-c", read),
        script=(_ran, sys.executable, f"{PROJECT}/scripts/hello.py"),
        environment=(
            lambda: _ran(
                sys.executable, "-c", "import os; print(os.environ['GIVEN'])", env={**os.environ, "GIVEN": "x"}
            ),
        ),
        input=(lambda: _ran(sys.executable, "-c", "import sys; print(sys.stdin.read())", stdin=open(FILE)),),
    )


@check
def other_programs():
    with open(FILE, "rb") as stream:
        fd = stream.fileno()
        return each(
            by_descriptor=(lambda: _ran("cat", f"/dev/fd/{fd}", pass_fds=[fd]),),
            by_input=(lambda: _ran("cat", stdin=stream),),
            by_pipe=(lambda: _ran("cat", input=open(FILE, "rb").read()),),
        )


@check
def other_programs_by_path():
    return each(argument=(_ran, "cat", FILE), shell=(lambda: _ran("sh", "-c", f"test -f '{FILE}' && echo there"),))


@check
def working_directory_of_a_child():
    return each(
        folder=(lambda: _ran("pwd", cwd=f"{DATA}/plain"),),
        missing=(lambda: _ran("pwd", cwd=f"{DATA}/none"),),
        file=(lambda: _ran("pwd", cwd=FILE),),
        python=(lambda: _ran(sys.executable, "-c", "import os; print(os.getcwd())", cwd=f"{DATA}/plain"),),
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@check
def served():
    handler = functools.partial(_Quiet, directory=DATA)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            return each(
                file=(lambda: urllib.request.urlopen(f"{address}/plain/a.txt").read(),),
                listing=(lambda: b"a.txt" in urllib.request.urlopen(f"{address}/plain/").read(),),
                modified=(lambda: urllib.request.urlopen(f"{address}/plain/a.txt").headers["Last-Modified"],),
                missing=(lambda: _status(f"{address}/none"),),
                odd=(lambda: urllib.request.urlopen(f"{address}/odd/with%20space.txt").read(),),
            )
        finally:
            server.shutdown()


def _status(address):
    try:
        return urllib.request.urlopen(address).status
    except urllib.error.HTTPError as error:
        return error.code
