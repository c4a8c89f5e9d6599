"""Servers on the loopback address for packaged clients."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import trustme

__all__ = ["PAGE_TEXT", "PAGE_TITLE", "echo_server", "tls_server"]

PAGE_TITLE = "Handbook"
PAGE_TEXT = "Lock the door."


class _Page(BaseHTTPRequestHandler):
    """GET returns a small page, POST returns the request as JSON."""

    def do_GET(self) -> None:
        html = f"<html><head><title>{PAGE_TITLE}</title></head><body><p>{PAGE_TEXT}</p></body></html>"
        self._answer("text/html; charset=utf-8", html)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        echo = {"path": self.path, "agent": self.headers.get("User-Agent"), "json": json.loads(body)}
        self._answer("application/json", json.dumps(echo))

    def _answer(self, content_type: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: some tests expect a refused handshake."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing, for the same reason."""


@contextmanager
def _serving(server: _QuietServer) -> Iterator[int]:
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def echo_server() -> Iterator[str]:
    """Run a plain HTTP server; give its address."""
    with _serving(_QuietServer(("127.0.0.1", 0), _Page)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def tls_server(authority: trustme.CA) -> Iterator[str]:
    """Run an HTTPS server with a certificate of ``authority``; give its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = _QuietServer(("127.0.0.1", 0), _Page)
    # Each connection's thread does the handshake, so that a client that refuses does not stop the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _serving(server) as port:
        yield f"https://localhost:{port}"
