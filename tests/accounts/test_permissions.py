"""No route without a declared permission. ``test_matrix.py`` asks whether each keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from schemas.account import OF_OPERATOR, OF_ROLE, Permission
from search_api.app import ACCOUNT_ROUTERS, ROUTERS
from search_api.dependencies import writer_of

READS = {"GET", "HEAD"}


def calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def routes(routers: Any) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def permission_of(route: APIRoute) -> str:
    return next((found for call in calls(route.dependant) if (found := getattr(call, "permission", ""))), "")


def test_every_route_of_accounts_says_who_may_use_it() -> None:
    assert routes(ACCOUNT_ROUTERS)
    assert [route.path for route in routes(ACCOUNT_ROUTERS) if not permission_of(route)] == []


def test_everything_else_only_reads_or_wants_a_key() -> None:
    writes = [route for route in routes(ROUTERS) if set(route.methods or ()) - READS]
    open_to_all = {"/oai"}  # a read that may be sent as a form
    without_key = [route.path for route in writes if writer_of not in set(calls(route.dependant))]
    assert set(without_key) <= open_to_all


def test_roles_grow_from_member_to_operator() -> None:
    assert OF_ROLE["member"] < OF_ROLE["editor"] < OF_OPERATOR
    every: set[Permission] = set().union(OF_OPERATOR)
    assert {"platform:decide", "platform:read"} == every - OF_ROLE["editor"]
