"""How often one client may ask: a token bucket for each address, in bounded memory."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CLIENTS = 50_000
"""Addresses remembered; the ones not seen for longest are forgotten first, so that a flood of them costs no memory."""


class RateLimiter:
    """Each client has ``per_minute`` requests in hand, which come back evenly over a minute.

    The libraries at hand keep an entry per client until it expires, however many there are.
    """

    span_s = 60

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str | None) -> int:
        """Count a request. 0 when it may be served, else the seconds after which to come back.

        Args:
            client: the address; None (a local socket) and loopback are never limited.
        """
        key = _key(client)
        if not self._burst or key is None:
            return 0
        now = self._clock()
        tokens, then = self._buckets.pop(key, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - then) * self._burst / self.span_s)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - tokens) * self.span_s / self._burst))


class Hourly(RateLimiter):
    """The same by the hour, for what is dear."""

    span_s = 3600


class Both:
    """One client's limit, and a wider one for the network it is in: who has many addresses is still one guesser."""

    def __init__(self, client: RateLimiter, network: RateLimiter) -> None:
        self._client, self._network = client, network

    def wait(self, client: str | None) -> int:
        """Count a request. 0 when it may be served, else the seconds after which to come back."""
        return max(self._client.wait(client), self._network.wait(network_of(client)))


def network_of(client: str | None) -> str | None:
    """The network of an address, as they are given out: a /24, of IPv6 (where one client has a /64) a /48."""
    key = _key(client)
    try:
        address = ipaddress.ip_interface(key) if key else None
    except ValueError:
        return key
    if address is None:
        return None
    return str(ipaddress.ip_network((address.ip, 24 if address.version == 4 else 48), strict=False))


def _key(client: str | None) -> str | None:
    if client is None:
        return None
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif not address.is_loopback:  # one household or attacker has a whole /64
            return str(ipaddress.ip_network((address, 64), strict=False))
    return None if address.is_loopback else str(address)
