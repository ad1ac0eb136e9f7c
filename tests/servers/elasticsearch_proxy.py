"""A proxy before a real Elasticsearch that checks an API key, speaks TLS, and stands in for trouble on demand."""

from __future__ import annotations

import http.client
import http.server
import json
import ssl
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

Trouble = Callable[[str, str], tuple[int, dict[str, str], bytes] | None]
"""(method, path) -> the answer to give instead of the server's; None = ask the server."""


class Proxy:
    """``url`` is where it listens. ``trouble`` and ``refuse_items`` may be set at any time."""

    def __init__(self, target: str, *, api_key: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.target, self.api_key = urlsplit(target), api_key
        self.trouble: Trouble = lambda method, path: None
        self.refuse_items: Callable[[str], int] = lambda id_: 0
        """Status with which a bulk item is refused, by its id; 0 = not refused."""
        self.asked: list[str] = []
        self.bulk_ids: list[list[str]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"{method} {path}")
        if self.api_key and headers.get("authorization") != f"ApiKey {self.api_key}":
            why = {"type": "security_exception", "reason": "unable to authenticate with provided credentials"}
            return _json(401, {"error": why | {"root_cause": [why]}, "status": 401})
        if instead := self.trouble(method, path):
            return instead
        if method in ("POST", "PUT") and "/_bulk" in path:
            return self._bulk(method, path, headers, body)
        return self._forward(method, path, headers, body)

    def _bulk(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Refuse some items, as a full queue does, and let the server do the others."""
        lines, items, passed = iter(body.splitlines(keepends=True)), [], b""
        for line in lines:
            [(verb, about)] = json.loads(line).items()
            whole = line + (next(lines) if verb == "index" else b"")
            status = self.refuse_items(about["_id"])
            items.append((verb, status, about["_id"]))
            passed += b"" if status else whole
        self.bulk_ids.append([id_ for _, _, id_ in items])
        done: dict[str, object] = {"errors": False, "items": []}
        if passed:
            status, more, answered = self._forward(method, path, headers, passed)
            if status != 200:
                return status, more, answered
            done = json.loads(answered)
        theirs = iter(done.get("items", []))  # type: ignore[call-overload]
        why = {"type": "es_rejected_execution_exception", "reason": "rejected execution of coordinating operation"}
        found = [{verb: {"status": status, "error": why}} if status else next(theirs) for verb, status, _ in items]
        return _json(200, {"errors": done["errors"] or any(s for _, s, _ in items), "items": found})

    def _forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=60)
        try:
            kept = {k: v for k, v in headers.items() if k in ("accept", "content-type")}
            connection.request(method, path, body or None, kept)
            answer = connection.getresponse()
            more = {k: v for k, v in answer.getheaders() if k.lower() in ("content-type", "x-elastic-product")}
            return answer.status, more, answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, more, answer = proxy.answer(self.command, self.path, headers, body)
                if not status:  # the line is cut
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

            def log_message(self, *args: object) -> None:
                return

        return Handler


def _json(status: int, body: object) -> tuple[int, dict[str, str], bytes]:
    kind = "application/vnd.elasticsearch+json;compatible-with=9"
    return status, {"Content-Type": kind, "X-Elastic-Product": "Elasticsearch"}, json.dumps(body).encode()


def trouble(status: int, kind: str, reason: str, *, path: str = "", times: int = 1 << 30) -> Trouble:
    """The server's own words of an error, for paths that contain some text, so many times."""
    left = iter(range(times))

    def instead(method: str, asked: str) -> tuple[int, dict[str, str], bytes] | None:
        if path not in asked or next(left, None) is None:
            return None
        why = {"type": kind, "reason": reason}
        return _json(status, {"error": why | {"root_cause": [why]}, "status": status})

    return instead


def cut(*, path: str, times: int) -> Trouble:
    """The line is cut before an answer, for paths that contain some text, so many times."""
    left = iter(range(times))
    return lambda method, asked: (0, {}, b"") if path in asked and next(left, None) is not None else None
