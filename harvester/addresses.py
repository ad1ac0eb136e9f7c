"""Which addresses may be fetched: the check sits on the very socket that is used, and a watchdog ends slow answers."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_WATCH_EVERY_S = 0.2
_local = threading.local()


class BlockedError(Exception):
    """The address may not be fetched.

    Not an OSError: urllib3 takes an OSError raised while connecting for a broken network and tries again.
    """


class Allowed:
    """The addresses that may be fetched: public ones, and what LAMPWAY_FETCH_ALLOW names."""

    def __init__(self, exceptions: Sequence[str] = ()) -> None:
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for item in exceptions:
            try:
                self._networks.append(ipaddress.ip_network(item, strict=False))
            except ValueError:
                self._hosts.add(item.lower().rstrip("."))

    def check(self, host: str, address: str) -> None:
        """Let a resolved address pass or raise.

        Raises:
            BlockedError: it is private, loopback, link-local, shared, multicast or reserved, plainly or wrapped.
        """
        if host.lower().rstrip(".") in self._hosts:
            return
        ip = _unwrapped(ipaddress.ip_address(address.split("%")[0]))
        if any(ip in network for network in self._networks if network.version == ip.version):
            return
        if not ip.is_global or ip.is_multicast:
            raise BlockedError(
                f"address {address} of {host} is not public; set LAMPWAY_FETCH_ALLOW={host} if it is yours"
            )


def _unwrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one carries: ``is_global`` is true for 6to4 and NAT64 forms of 127.0.0.1."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour:
            return ip.ipv4_mapped or ip.sixtofour or ip
        if ip.teredo:
            return ip.teredo[1]
        if any(ip in network for network in _NAT64) or 1 < int(ip) < 1 << 32:
            return ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
    return ip


class GuardedAdapter(HTTPAdapter):
    """Transport whose connections are checked, so that a second DNS answer or a redirect cannot go round the check."""

    def __init__(self, allowed: Allowed) -> None:
        guard = {"allowed": allowed}
        http = type("_Http", (_GuardedConnection, HTTPConnection), guard)
        https = type("_Https", (_GuardedConnection, HTTPSConnection), guard)
        self._pools = {
            "http": type("_HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("_HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use the checked connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


class _GuardedConnection:
    allowed: Allowed

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port  # type: ignore[attr-defined]
        plain = host.strip("[]")
        for *_, address in socket.getaddrinfo(plain, port, type=socket.SOCK_STREAM):
            self.allowed.check(plain, str(address[0]))
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        try:
            self.allowed.check(plain, connected.getpeername()[0])
        except BlockedError:
            connected.close()
            raise
        return connected

    def getresponse(self) -> Any:
        watched = getattr(_local, "watched", None)
        if watched is not None:
            watched.socket = self.sock  # type: ignore[attr-defined]
        return super().getresponse()  # type: ignore[misc]


class Watched:
    """One request under a deadline."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.socket: socket.socket | None = None
        self.expired = False


class _Watchdog(threading.Thread):
    """Shuts down sockets at their deadline: a socket's own time limit starts anew with every byte that drips in.

    One thread for all requests, asleep while there are none; a timer each would cost more than a small request.
    """

    def __init__(self) -> None:
        super().__init__(name="fetch-deadlines", daemon=True)
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()

    def add(self, watched: Watched) -> None:
        with self._changed:
            self._watched.add(watched)
            if not self.is_alive():
                self.start()
            self._changed.notify()

    def drop(self, watched: Watched) -> None:
        with self._changed:
            self._watched.discard(watched)

    def run(self) -> None:
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                now = time.monotonic()
                late = [watched for watched in self._watched if watched.ends_at < now]
            for watched in late:
                watched.expired = True
                if watched.socket is not None:
                    try:
                        watched.socket.shutdown(socket.SHUT_RDWR)
                    except OSError:  # closed meanwhile, which is what was wanted
                        watched.socket = None
            time.sleep(_WATCH_EVERY_S)


_watchdog = _Watchdog()


@contextmanager
def deadline(seconds: float) -> Iterator[Watched]:
    """All requests of this thread inside the block end within ``seconds``; then ``expired`` is true."""
    watched = Watched(time.monotonic() + seconds)
    _local.watched = watched
    _watchdog.add(watched)
    try:
        yield watched
    finally:
        _watchdog.drop(watched)
        _local.watched = None
