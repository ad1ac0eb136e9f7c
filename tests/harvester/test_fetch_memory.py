"""Endless bodies and bombs, met by a process that may use little memory: refused, not died of."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
import time
import zlib

import pytest
import trustme

from harvester.fetching import Client, FetchError

CHILD = """
import resource, sys
from harvester.fetching import Client, RefusedError
resource.setrlimit(resource.RLIMIT_DATA, (300 << 20, 300 << 20))
try:
    Client(allow=("127.0.0.1",), pause=0, patience=1).get(sys.argv[1])
except RefusedError as error:
    print(error)
"""


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"<" * 65536)


def endless_chunks(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"<" * 65536 + b"\r\n")


def bomb(connection):
    """Gzip that unpacks to 4 GB, piece by piece."""
    packer = zlib.compressobj(9, wbits=31)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    for _ in range(4096):
        connection.sendall(packer.compress(b" " * (1 << 20)))


def nested(connection):
    """Gzip within gzip: only the outer one is the transport's."""
    body = gzip.compress(gzip.compress(b" " * (64 << 20)) * 200)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize(
    ("send", "said"), [(endless, "longer than"), (endless_chunks, "longer than"), (bomb, "100 to 1"), (nested, "")]
)
def test_in_300_megabytes(oai, serve, send, said):
    server = serve(script=lambda *_: oai.Answer(send=send))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, server.url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_a_handshake_that_drips_ends_at_the_deadline(serve, tmp_path):
    """A server that sends a TLS record's head and then its bytes one by one."""
    import socket
    import threading

    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def talk():
        connection, _ = listening.accept()
        with connection:
            try:
                connection.sendall(b"\x16\x03\x03\x40\x00")
                while not stop.wait(0.1):
                    connection.sendall(b"\x02")
            except OSError:
                return

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    client = Client(allow=("127.0.0.1",), pause=0, stall=5, deadline=1, patience=0)
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"LAMPWAY_FETCH_DEADLINE|certificate"):
        client.get(f"https://127.0.0.1:{listening.getsockname()[1]}/")
    assert time.monotonic() - began < 10
    stop.set()
    client.close()
    thread.join()
    listening.close()


def test_a_certificate_of_nobody_known_is_refused(oai, serve):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server = serve(script=lambda *_: oai.Answer("secret"), tls=tls)
    with pytest.raises(FetchError, match="TLS certificate does not hold"):
        Client(allow=("127.0.0.1",), pause=0).get(server.url)
    assert server.requests == []
