"""A database of its own for each test, and a TLS server of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
import trustme

HANDBOOK = "<html><head><title>Handbook</title><style>p{}</style></head><body><p>Lock the door.</p></body></html>"


class TlsServer(NamedTuple):
    url: str
    ca_file: Path


class _Handbook(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(HANDBOOK.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.sqlite3"


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), _Handbook)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield TlsServer(f"https://localhost:{server.server_port}/", ca_file)
    server.shutdown()
    thread.join()
    server.server_close()
