"""Which addresses may be fetched: the check sits on the very socket that is used."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from harvester.deadlines import current

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TRANSLATED_LOCALLY = ipaddress.ip_network("64:ff9b:1::/48")
"""Where the IPv4 address stands in these is the operator's choice (RFC 8215), so that it cannot be looked at."""
_MOST_ADDRESSES = 4
_LOW_PORTS = frozenset({80, 443})
_OTHER_SERVICES = frozenset(
    (
        *(1080, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 2483, 2484, 3128, 3306, 3389, 4369),
        *(5060, 5061, 5432, 5433, 5671, 5672, 5984, 6379, 6380, 6443, 7687, 8086, 8125, 8300, 8500, 8600, 9042, 9092),
        *(9160, 9200, 9300, 10250, 10255, 11211, 15672, 25672, 27017, 27018, 27019, 28015, 50000, 61616),
        *range(5900, 5911), *range(6000, 6064), *range(6660, 6670),
    )
)  # fmt: skip
"""Ports of databases, queues, remote screens and machines' own insides, where no catalogue is served."""


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

    def check(self, host: str, address: str, port: int = 443) -> None:
        """Let a resolved address pass or raise.

        Raises:
            BlockedError: it is private, loopback, link-local, shared, multicast or reserved, plainly or wrapped, or
                the port is one where something else than the web is served.
        """
        if host.lower().rstrip(".") in self._hosts:
            return
        ip = _unwrapped(ipaddress.ip_address(address.split("%")[0]))
        if any(ip in network for network in self._networks if network.version == ip.version):
            return
        mend = f"set LAMPWAY_FETCH_ALLOW={host} if it is yours"
        if not ip.is_global or ip.is_multicast or (ip.version == 6 and ip in _TRANSLATED_LOCALLY):
            raise BlockedError(f"address {address} of {host} is not public; {mend}")
        if (port < 1024 and port not in _LOW_PORTS) or port in _OTHER_SERVICES:
            raise BlockedError(f"port {port} of {host} is no port of web servers; {mend}")


def _unwrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one carries: ``is_global`` is true for 6to4 and NAT64 forms of 127.0.0.1."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour:
            return ip.ipv4_mapped or ip.sixtofour or ip
        if ip.teredo:
            return ip.teredo[1]
        if ip in _NAT64 or 1 < int(ip) < 1 << 32:
            return ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
    return ip


class GuardedAdapter(HTTPAdapter):
    """Transport whose connections are checked, so that a second DNS answer or a redirect cannot go round the check."""

    def __init__(self, allowed: Allowed, authorities: Path | None = None) -> None:
        """Make a transport.

        Args:
            allowed: what may be fetched.
            authorities: PEM file with certificates to trust beside the usual ones.

        Raises:
            OSError: the file cannot be read or has no certificate.
        """
        guard = {"allowed": allowed}
        http = type("_Http", (_GuardedConnection, HTTPConnection), guard)
        https = type("_Https", (_GuardedConnection, HTTPSConnection), guard)
        self._pools = {
            "http": type("_HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("_HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }
        self._tls = _trusting(authorities, authorities.stat().st_mtime_ns if authorities else 0)
        self._latest: tuple[str, Any] = ("", None)
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use the checked connections."""
        kwargs["ssl_context"] = self._tls
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def cert_verify(self, conn: Any, *args: Any) -> None:
        """Demand a certificate, by whom we trust already: requests would read them anew for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"

    def get_connection_with_tls_context(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The connections to a place. Those used last are at hand, for they are asked for again, and never dropped."""
        place = "/".join(request.url.split("/", 3)[:3])
        if place != self._latest[0]:
            self._latest = place, super().get_connection_with_tls_context(request, *args, **kwargs)
        return self._latest[1]

    def close(self) -> None:
        """Close the kept connections."""
        self._latest = "", None
        super().close()


@lru_cache(maxsize=4)
def _trusting(authorities: Path | None, changed: int) -> ssl.SSLContext:
    """Who is trusted, read once: reading all authorities takes ten times as long as to connect.

    Args:
        authorities: PEM file with some to trust beside the usual ones.
        changed: when that file was; another file is read.
    """
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.hostname_checks_common_name = False
    if authorities is not None:
        context.load_default_certs()
        context.load_verify_locations(authorities)
    return context


class _GuardedConnection:
    allowed: Allowed
    _switch: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        host, port = connection._dns_host.strip("[]"), connection.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(host, connection, error) from error  # type: ignore[arg-type]
        addresses = list(dict.fromkeys(str(address) for *_, (address, *_) in found))
        for address in addresses:
            self.allowed.check(host, address, port)
        connected = self._connect(addresses[:_MOST_ADDRESSES], port)
        try:
            self.allowed.check(host, connected.getpeername()[0], port)
        except BlockedError:
            connected.close()
            raise
        self._drop_switch()
        self._switch = connected.dup()  # TLS takes the first one over; shutting this one down ends it too
        self._watch()
        return connected

    def _connect(self, addresses: Sequence[str], port: int) -> socket.socket:
        """Connect to one of the addresses that were checked; asking for the name again could give others."""
        connection: Any = self
        reason: OSError = OSError("the name has no address")
        for address in addresses:
            watched = current()
            try:
                return create_connection((address, port), connection.timeout, socket_options=connection.socket_options)
            except OSError as error:
                reason = error
            if watched is not None and watched.left() <= 0:
                break
        kind = ConnectTimeoutError if isinstance(reason, TimeoutError) else NewConnectionError
        raise kind(connection, f"no connection: {reason.strerror or reason}") from reason

    def getresponse(self) -> Any:
        self._watch()
        return super().getresponse()  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        self._drop_switch()

    def _watch(self) -> None:
        watched = current()
        if watched is not None and self._switch is not None:
            watched.hold(self._switch)

    def _drop_switch(self) -> None:
        if self._switch is not None:
            with suppress(OSError):
                self._switch.close()
            self._switch = None
