"""A server on this machine, and a reporter that keeps what it is told: for everything that downloads."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from pypkg_core.progress import QUIET, Stage

__all__ = ["HttpServer", "RecordingReporter", "serving"]


@dataclass
class RecordingReporter:
    """Keeps the lines and the titles of stages."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        self.lines.append(title)
        with QUIET.stage(title) as stage:
            yield stage


@dataclass
class HttpServer:
    """What the server answers, and what it was asked.

    Attributes:
        files: path -> contents; other paths are answered with 404.
        cut: paths whose connection is closed after half of the contents.
        headers: path -> more headers.
        asked: the paths, in order.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def serving() -> Iterator[HttpServer]:
    """Serve on a free port of the loopback interface while the block runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            contents = self._start()
            if contents is not None:
                self.wfile.write(contents[: len(contents) // 2] if self.path in state.cut else contents)

        def do_HEAD(self) -> None:
            self._start()

        def _start(self) -> bytes | None:
            state.asked.append(self.path)
            contents = state.files.get(self.path)
            if contents is None:
                self.send_error(404)
                return None
            self.send_response(200)
            self.send_header("Content-Length", str(len(contents)))
            for name, value in state.headers.get(self.path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            return contents

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = HttpServer(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
