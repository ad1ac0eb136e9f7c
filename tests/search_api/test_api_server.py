"""``lampway serve`` as it runs: real processes on loopback ports, proxies, stopping, several workers."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from store import api_keys

Serve = Callable[..., "Server"]


class Server:
    """A ``lampway serve`` of its own."""

    def __init__(self, home: Path, *arguments: str, **settings: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LAMPWAY_")}
        environment |= {"LAMPWAY_HOME": str(home), "LAMPWAY_FETCH_ALLOW": "127.0.0.1", **settings}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lampway", "serve", *arguments],
            env=environment,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self.url = ""

    def wait(self) -> Server:
        """Until it says where it listens, and answers there."""
        assert self.process.stderr is not None
        while not self.url:
            line = self.process.stderr.readline()
            assert line, "".join(self.said)
            self.said.append(line)
            if found := re.search(r"http://\S+:\d+", line):
                self.url = found[0]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError):  # refused, or accepted by workers that are not there yet
                self.get("/api/health")
                return self
            time.sleep(0.05)
        raise AssertionError("it never answered")

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path: str, **headers: str) -> Any:
        status, _, body = self.ask(path, **headers)
        return json.loads(body) | {"_status": status}

    def stop(self, with_: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(with_)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, "".join(self.said) + errors


@pytest.fixture
def serve(federation: Any) -> Iterator[Serve]:
    running: list[Server] = []
    federation.close()

    def start(*arguments: str, home: Path = federation.settings.home, **settings: str) -> Server:
        running.append(Server(home, "--port", "0", *arguments, **settings))
        return running[-1].wait()

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop()


def test_it_serves_and_stops_when_told(serve: Serve) -> None:
    server = serve()
    answer = server.get("/api/search?q=secret+harbour")
    assert answer["total"] > 0
    status, headers, _ = server.ask("/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "server" not in {name.lower() for name in headers}
    code, said = server.stop()
    assert code == 0, said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert any(line.get("route") == "/api/search" and line["status"] == 200 for line in lines)
    assert "secret" not in said


def test_ctrl_c_is_no_error(serve: Serve) -> None:
    code, said = serve().stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in said


def test_a_taken_port_is_named(serve: Serve, federation: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(federation.settings.home, "--port", str(port))
        _, errors = server.process.communicate(timeout=30)
    assert server.process.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in errors
    assert "Traceback" not in errors


def test_without_an_index_it_says_what_to_do(serve: Serve, tmp_path: Path) -> None:
    server = serve(home=tmp_path)
    health = server.get("/api/health")
    assert (health["_status"], health["ok"]) == (503, False)
    _, said = server.stop()
    assert "lampway index" in said


def test_only_trusted_proxies_name_the_client(serve: Serve) -> None:
    limited = {"LAMPWAY_RATE_LIMIT": "2"}
    server = serve(**limited)  # a proxy on the same machine is trusted, so what it forwards is limited
    asked = [server.ask("/api/health", **{"X-Forwarded-For": "203.0.113.5"})[0] for _ in range(3)]
    assert asked == [200, 200, 429]
    assert server.ask("/api/health", **{"X-Forwarded-For": "203.0.113.6"})[0] == 200
    pretended = {"X-Forwarded-For": "6.6.6.6, 203.0.113.5"}  # the client's own part of the chain counts for nothing
    assert server.ask("/api/health", **pretended)[0] == 429
    assert [server.ask("/api/health")[0] for _ in range(5)] == [200] * 5


def test_a_push_to_one_worker_shows_in_all_soon(serve: Serve, federation: Any) -> None:
    from store.database import open_database

    database = open_database(federation.settings.database)
    with database.begin() as connection:
        key = api_keys.create(connection, "city")
    database.close()
    server = serve("--workers", "2")
    body = json.dumps([{"record": "oai:city:2", "state": "unavailable"}]).encode()
    address = "/api/institutions/city/availability"
    status, _, answer = server.ask(address, "PUT", body, Authorization=f"Bearer {key}")
    assert (status, json.loads(answer)["stored"]) == (200, 1)
    asked = "/api/search?q=emma&service=loan&institution=city"
    pushed, seen = time.monotonic(), [""]
    while set(seen) != {"unavailable"}:  # a second is promised; machines that test may be slower
        assert time.monotonic() - pushed < 20, seen
        seen = [server.get(asked)["hits"][0]["best"]["state"] for _ in range(20)]
    print(f"seen by all after {time.monotonic() - pushed:.1f} s")
    code, said = server.stop()
    assert code == 0, said


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /api/search?q=%ff%fe%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/works/%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/search?" + b"a=1&" * 5000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"PUT /api/institutions/city/availability HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
    ],
)
def test_hostile_requests_are_refused_and_it_lives(serve: Serve, raw: bytes) -> None:
    server = serve()
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(raw)
        answer = connection.recv(65536)
    assert not answer or not answer.startswith(b"HTTP/1.1 500")
    assert server.get("/api/health")["_status"] == 200
