"""PUT /api/institutions/{id}/availability: an institution says what is on its shelves now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from schemas.institution import Institution
from search_api.availability.items import MOST_ITEMS, Item, ItemError
from search_api.availability.push import Pusher, PushReport
from search_api.context import Context
from search_api.dependencies import ContextOf, MetricsOf, Writer, institution_of_key
from search_api.errors import ApiError
from search_api.json_response import json_response
from search_api.routes.description import answers, body_of
from store.api_keys import AVAILABILITY_WRITE

router = APIRouter(tags=["availability"])
EXAMPLE = [
    {
        "record": "oai:city.example:1017",
        "holding": "30112",
        "service": "loan",
        "state": "expected",
        "due": "2026-12-01",
    },
    {"isbn": "9780141439518", "state": "available", "checked_at": "2026-11-23T10:00:00Z"},
]
REPORT = {"received": 2, "stored": 2, "unchanged": 0, "older": 0, "failed": 0, "results": ["stored", "stored"]}


@router.put(
    "/api/institutions/{id}/availability",
    summary="Tell the state of copies",
    responses=answers(PushReport, REPORT, 401, 403, 404, 413, 422, 503),
    openapi_extra=body_of(list[Item], EXAMPLE) | {"security": [{"key": []}]},
)
async def put_availability(id: str, request: Request, context: ContextOf, metrics: MetricsOf, key: Writer) -> Response:  # noqa: A002
    """Up to 10,000 items, visible to searches at once. Each is judged alone: good ones count though others fail.

    Repeating a batch changes nothing, and an item whose `checked_at` is older than what is known changes nothing.
    """
    institution = await run_in_threadpool(institution_of_key, context, id, key, AVAILABILITY_WRITE)
    body = await request.body()
    report = await run_in_threadpool(_push, context, institution, body)
    for outcome in ("stored", "unchanged", "older", "failed"):
        metrics.pushed(outcome, getattr(report, outcome))
    if report.failed and report.failed == report.received:
        errors = [{"pointer": e["pointer"], "detail": e["detail"]} for e in report.errors]
        raise ApiError("invalid-body", "No item could be used; see errors.", errors=errors)
    return json_response(report, headers={"Cache-Control": "no-store"})


def _push(context: Context, institution: Institution, body: bytes) -> PushReport:
    registry = context.registry()
    pusher = Pusher(context.database, context.engine, registry.resolver, institution, registry.by_id.values())
    try:
        report = pusher.push_json(body, context.clock())
    except ItemError as error:
        raise ApiError("invalid-body", f"{error} (at most {MOST_ITEMS:,} items)") from None
    context.refresh()
    return report
