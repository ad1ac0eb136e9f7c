"""Who neither sends a request nor takes an answer is let go; who is only slow is served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from lampway.slow_clients import HttpProtocol

LARGE = 30_000_000


class Hasty(HttpProtocol):
    within_s, look_s, least_rate = 0.5, 0.05, 1000


async def answer(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    body = b"x" * LARGE if scope["path"] == "/large" else b"%d" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def connect() -> Iterator[Callable[[], socket.socket]]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(answer, loop="uvloop", http=Hasty, ws="none", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield lambda: socket.create_connection(listening.getsockname(), timeout=20)
    server.should_exit = True
    thread.join(20)
    listening.close()


def ended(client: socket.socket) -> bool:
    """Whether the server ends the connection while we wait, without an answer."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nemail="]
)
def test_who_does_not_go_on_is_let_go(connect: Callable[[], socket.socket], said: bytes) -> None:
    with connect() as client:
        client.sendall(said)
        assert ended(client)


def test_a_trickle_is_too_little(connect: Callable[[], socket.socket]) -> None:
    with connect() as client, pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
        for _ in range(400):
            client.sendall(b"x")
            time.sleep(0.05)


def test_who_is_slow_but_steady_is_served_and_may_ask_again(connect: Callable[[], socket.socket]) -> None:
    with connect() as client:
        for _ in range(2):
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n")
            for _ in range(10):
                client.sendall(b"x" * 400)
                time.sleep(0.1)  # twice as long in all as a request of one byte may take
            assert client.recv(1000).endswith(b"\r\n\r\n4000")


def test_who_does_not_take_the_answer_is_let_go(connect: Callable[[], socket.socket]) -> None:
    with connect() as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        taken = 0
        try:
            while part := client.recv(1 << 16):
                taken += len(part)
        except ConnectionResetError:
            pass
        assert taken < LARGE
