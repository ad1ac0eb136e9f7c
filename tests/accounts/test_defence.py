"""What stands before every route with a log-in: our own name, limits, capped bodies, and nothing that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from search_api.app import ACCOUNT_ROUTERS
from search_api.rate_limit import Both, RateLimiter, network_of

ROUTES = [route for router in ACCOUNT_ROUTERS for route in router.routes if isinstance(route, APIRoute)]
ADA = "ada@example.org"
SAME_FOR_ALL = ("/register", "/login/provider", "/login/provider/back")
"""Addresses that do not look who is there."""


def path_of(route: APIRoute) -> str:
    path = route.path.replace("{institution}", "north")
    for name in route.param_convertors:
        path = path.replace("{" + name + "}", "x")
    return path


def test_another_name_is_not_served(visitor: Any, person: Any) -> None:
    ada = person(ADA, north="editor")
    for host in (
        "evil.example",
        "lampway.example.evil.example",
        "lampway.example:8443",
        "lampway.example:x",
        "",
        "::1",
    ):
        for route in ROUTES if host == "evil.example" else ROUTES[:8]:
            for method in route.methods - {"HEAD"} if "why" not in route.path else {"POST"} & route.methods:
                answer = ada.request(method, path_of(route), headers={"Host": host, "Origin": f"https://{host}"})
                assert answer.status_code == 421, (host, method, route.path)
                assert "evil" not in answer.text
        assert visitor().get("/api/health", headers={"Host": host}).status_code in (200, 503)
    for host in ("lampway.example", "LAMPWAY.example:443"):
        assert visitor().get("/login", headers={"Host": host}).status_code == 200


def test_without_a_public_address_no_stranger_names_us(visitor: Any, context: Any) -> None:
    context.settings = context.settings.model_copy(update={"public_url": ""})
    for host in ("127.0.0.1:8000", "[::1]:8000", "localhost", "shelf.local"):
        assert visitor().get("/login", headers={"Host": host}).status_code == 200, host
    assert visitor().get("/login", headers={"Host": "rebound.example"}).status_code == 421


def test_nothing_with_a_log_in_is_kept(person: Any) -> None:
    ada = person(ADA, north="editor", operator=True)
    for route in (route for route in ROUTES if "GET" in route.methods and route.path not in SAME_FOR_ALL):
        answer = ada.get(path_of(route))
        assert answer.headers["cache-control"] == "no-store", route.path


def test_bodies_end_before_they_are_read(visitor: Any) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1 << 16
            yield b"a" * (1 << 16)

    browser: TestClient = visitor()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/login", "/login/link", "/login/passkey"):
        for content in (b"a" * 65_537, pieces()):
            assert browser.post(path, content=content, headers=headers).status_code == 413, path
    assert sent


def test_a_network_is_one_guesser() -> None:
    limit = Both(RateLimiter(3, lambda: 0.0), RateLimiter(5, lambda: 0.0))
    served = [limit.wait(f"198.51.100.{n % 200}") == 0 for n in (1, 1, 1, 1, 2, 3, 4)]
    assert served == [True, True, True, False, True, False, False]
    assert limit.wait("198.51.101.4") == 0


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", None),
        ("::1", None),
        (None, None),
        ("mail:ada@example.org", "mail:ada@example.org"),
    ],
)
def test_networks_as_they_are_given_out(client: str | None, network: str | None) -> None:
    assert network_of(client) == network


def test_mails_are_limited_by_who_asks_for_them(visitor: Any, app: Any, context: Any) -> None:
    tries = app.state.tries
    sent = [tries.mail(f"{n}@example.org", "203.0.113.5") for n in range(12)]
    assert sent == [True] * 10 + [False] * 2
    assert not [n for n in range(4) if tries.mail("one@example.org", f"192.0.2.{n}")][3:]
