"""Every route with a guard, asked by everybody who could ask: who gets in is what the roles and scopes say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import update

from schemas.account import OF_OPERATOR, OF_ROLE
from schemas.catalogue import Source
from schemas.registration import Proposal
from search_api.app import ACCOUNT_ROUTERS, ROUTERS
from search_api.dependencies import writer_of
from search_api.routes.callers import SECURITY_OR_KEY
from store import account_tables, accounts, api_keys, registrations, sources
from store.api_keys import SCOPES

READS = {"GET", "HEAD"}
OWNER = "owner@example.org"
PEOPLE: dict[str, dict[str, Any]] = {
    "visitor": {},
    "member": {"north": "member"},
    "editor": {"north": "editor"},
    "stranger": {"south": "editor"},
    "operator": {"operator": True},
    "expired": {"north": "editor"},
    "disabled": {"north": "editor", "operator": True},
}
OUTSIDE = ("nobody", "expired", "disabled")
OWN = {"institution:write": "PATCH", "availability:write": "PUT", "merges:write": "POST"}
"""Scope -> method of the routes that only a key opens."""


def calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def permission_of(route: APIRoute) -> str:
    return next((found for call in calls(route.dependant) if (found := getattr(call, "permission", ""))), "")


def routes(routers: Any) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


GUARDED = [route for route in routes(ACCOUNT_ROUTERS) if permission_of(route) != "open"]
WITH_KEY = [route for route in routes(ROUTERS) if writer_of in set(calls(route.dependant))]


class House:
    """What the north has, put back before each request: some of them take it away."""

    def __init__(self, context: Any) -> None:
        self.context = context
        with context.database.begin() as connection:
            location = "https://n.example/oai"
            more = {"protocol": "oai", "format": "oai_dc", "location": location, "institution": "north"}
            sources.add(connection, Source(id="north-source", **more))
            owner = accounts.add(connection, OWNER)
            self.registration = registrations.add(connection, owner.number, "refused", Proposal(**more)).id

    def ask(self, client: TestClient, method: str, route: APIRoute) -> Any:
        """With as much of a body as it takes to come to the question whose the thing is."""
        body: dict[str, Any] = {} if method in READS else {"data": {"email": OWNER}}
        if body and route.path.startswith("/api/"):
            body = {"json": {"act": "pause"} if "{id}" in route.path else {}}
        return client.request(method, self.path(route), **body)

    def path(self, route: APIRoute) -> str:
        with self.context.database.begin() as connection:
            account = accounts.by_email(connection, OWNER)
            accounts.set_role(connection, account.number, "north", "member")
            id_ = (
                self.registration if "registrations" in route.path else "north" if route in WITH_KEY else "north-source"
            )
            if "/keys/" in route.path:
                id_ = api_keys.create(connection, "north").split("_")[1]
        id_ = "1" if "merges" in route.path else id_
        values = {
            "institution": "north",
            "id": id_,
            "act": "pause",
            "name": "records",
            "email": OWNER,
            "id_": "x",
            "secret": "x",
        }
        return route.path.format(**values) + ("?institution=north" if route.path == "/api/audit" else "")


def outcome(answer: Any) -> str:
    to = answer.headers.get("location", "")
    if answer.status_code == 401 or to.startswith("/login"):
        return "log in"
    if to.startswith("/account/confirm?"):
        return "confirm"
    return {403: "no", 404: "none"}.get(answer.status_code, "in")


def expected(who: str, route: APIRoute, *, write: bool) -> str:
    permission = permission_of(route)
    if who in OUTSIDE:
        return "log in"
    if "registrations/{id}" in route.path and not permission.startswith("platform"):
        return "in" if who in ("editor", "operator") else "none"
    if route.path == "/api/audit":  # of the north
        return "in" if who in ("editor", "operator") else "none"
    if route.path in ("/account/passkeys/remove", "/register/{secret}"):  # there is none of that name
        return "none"
    if permission == "account:self" or route.path == "/api/registrations":
        return "in"
    if "{institution}" in route.path and who in ("visitor", "stranger"):
        return "none"
    allowed = OF_OPERATOR if who == "operator" else OF_ROLE.get(who, frozenset())  # type: ignore[call-overload]
    if permission not in allowed:
        return "no"
    return "confirm" if permission == "platform:decide" and write else "in"


@pytest.fixture
def house(context: Any) -> House:
    context.settings = context.settings.model_copy(update={"rate_limit": 0})
    return House(context)


@pytest.mark.parametrize("who", ["nobody", *PEOPLE])
def test_people(who: str, house: House, person: Any, visitor: Any, context: Any) -> None:
    browser = visitor() if who == "nobody" else person(f"{who}@example.org", **PEOPLE[who])
    with context.database.begin() as connection:
        if who == "expired":
            past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="seconds")
            connection.execute(update(account_tables.logins).values(expires_at=past))
        if who == "disabled":  # whose log-in came back with a restored database
            number = accounts.by_email(connection, "disabled@example.org").number
            own = account_tables.accounts.c.number == number
            connection.execute(update(account_tables.accounts).where(own).values(disabled_at="2026-01-01"))
    found, wanted = {}, {}
    # Last what ends the log-in.
    for route in sorted(GUARDED, key=lambda route: route.path == "/logout"):
        for method in sorted(route.methods - {"HEAD"}):
            cell = f"{method} {route.path}"
            found[cell] = outcome(house.ask(browser, method, route))
            wanted[cell] = expected(who, route, write=method not in READS)
    assert found == wanted
    assert len(found) > 50


def test_no_page_of_others_sends_a_form(house: House, person: Any, context: Any) -> None:
    boss = person("boss@example.org", operator=True)
    foreign = (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    )
    taken = []
    for route in routes(ACCOUNT_ROUTERS):
        for method in route.methods - READS:
            for headers in foreign:
                boss.headers.update({"Origin": "", **headers})
                answer = house.ask(boss, method, route)
                if answer.status_code != 403:
                    taken.append((method, route.path, headers, answer.status_code))
    assert taken == []


@pytest.mark.parametrize("of", ["north", "south", "revoked", "expired"])
def test_programs(of: str, house: House, app: Any, context: Any) -> None:
    place, found, wanted = "south" if of == "south" else "north", {}, {}
    for scope in SCOPES:
        with context.database.begin() as connection:
            key = api_keys.create(
                connection, place, scope=scope, expires_at="2026-01-01T00:00:00+00:00" if of == "expired" else None
            )
            if of == "revoked":
                api_keys.revoke(connection, key.split("_")[1])
        program = TestClient(
            app, base_url="https://lampway.example", headers={"Authorization": f"Bearer {key}"}, follow_redirects=False
        )
        for route in (*GUARDED, *WITH_KEY):
            for method in sorted(route.methods - {"HEAD"}):
                cell = f"{scope}: {method} {route.path}"
                found[cell] = outcome(house.ask(program, method, route))
                wanted[cell] = opens(scope, of, route, method)
    assert found == wanted


def opens(scope: str, of: str, route: APIRoute, method: str) -> str:
    if route not in WITH_KEY and (route.openapi_extra or {}).get("security") != SECURITY_OR_KEY["security"]:
        # For people: a key is none, and a program is no page of ours that sends a form.
        return "log in" if method in READS else "no"
    if of in ("revoked", "expired"):
        return "log in"
    if route in WITH_KEY:
        own = OWN.get(scope) == method or (scope, method) == ("merges:write", "DELETE")
        if scope == "merges:write" and method == "DELETE":  # there is no such decision
            return "none"
        return "in" if own and (of == "north" or scope == "merges:write") else "no"
    fits = scope == "sources:manage" or (scope == "sources:read" and permission_of(route) == "institution:read")
    if "{institution}" in route.path and of == "south":
        return "none"
    if not fits:
        return "no"
    return "none" if "{id}" in route.path and of == "south" else "in"
