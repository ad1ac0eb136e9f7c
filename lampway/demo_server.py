"""Puts the demo's repositories and files on a loopback port: /oai/NAME answers OAI-PMH, /files/NAME gives a file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from lampway.demo_oai import Repository

HOST = "127.0.0.1"


class DemoServer(ThreadingHTTPServer):
    """The endpoints of a city. ``repositories`` and ``files`` may be changed while it runs."""

    daemon_threads = True

    def __init__(self, port: int, repositories: Mapping[str, Repository], files: Mapping[str, bytes]) -> None:
        super().__init__((HOST, port), _Handler)
        self.repositories, self.files = dict(repositories), dict(files)

    def url(self, name: str) -> str:
        """Address of a repository or file.

        Raises:
            KeyError: neither has that name.
        """
        if name in self.repositories:
            return f"http://{HOST}:{self.server_port}/oai/{name}"
        if name in self.files:
            return f"http://{HOST}:{self.server_port}/files/{name}"
        raise KeyError(name)


@contextmanager
def serve(
    repositories: Mapping[str, Repository], files: Mapping[str, bytes] | None = None, *, port: int = 0
) -> Iterator[DemoServer]:
    """Serve until the block ends.

    Args:
        repositories: by the name in their address.
        files: contents by the name in their address.
        port: that one where it is free, else any; 0 = any.
    """
    try:
        server = DemoServer(port, repositories, files or {})
    except OSError:
        server = DemoServer(0, repositories, files or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one packet

    def do_GET(self) -> None:
        """Answer a repository's or a file's address."""
        address = urlsplit(self.path)
        _, kind, name = [*address.path.split("/", 2), "", ""][:3]
        if kind == "oai" and name in self.server.repositories:
            self._oai(name, address.query)
        elif kind == "files" and name in self.server.files:
            self._file(self.server.files[name])
        else:
            self._send(404, b"no such address; try /oai/NAME or /files/NAME\n", "text/plain; charset=utf-8")

    def do_POST(self) -> None:
        """OAI-PMH arguments may come in the body too (3.1.1.2)."""
        length = self.headers.get("Content-Length", "")
        name = self.path.removeprefix("/oai/")
        if not length.isdigit() or int(length) > 100_000:
            self.close_connection = True
            self._send(400, b"a body of at most 100 kB with its length, please\n", "text/plain; charset=utf-8")
            return
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        if name in self.server.repositories:
            self._oai(name, body)
        else:
            self._send(404, b"no such repository\n", "text/plain; charset=utf-8")

    def _oai(self, name: str, query: str) -> None:
        arguments = parse_qsl(query, keep_blank_values=True)
        answer = self.server.repositories[name].answer(self.server.url(name), arguments)
        self._send(200, answer, "text/xml; charset=utf-8")

    def _file(self, content: bytes) -> None:
        etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self._send(304, b"", "text/csv; charset=utf-8", etag)
        else:
            self._send(200, content, "text/csv; charset=utf-8", etag)

    def _send(self, status: int, body: bytes, content_type: str, etag: str = "") -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the demo's own lines tell what happens."""
