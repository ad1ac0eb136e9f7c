"""GET /api/health: whether answers can be given, and from what. Never fails, never needs a key."""

from __future__ import annotations

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from search_api.context import Context
from search_api.dependencies import ContextOf
from search_api.json_response import json_response
from search_api.lately import Lately
from search_api.routes.description import answers
from store import generations, harvest_runs, institutions, records, works
from store.database import Database, StoreUnavailableError

log = structlog.stdlib.get_logger("lampway")

router = APIRouter(tags=["service"])
EXAMPLE = {
    "ok": True,
    "engine": "embedded",
    "generation": "works-20261123-081500",
    "indexed_works": 1000,
    "message": "",
    "works": 1000,
    "records": 2400,
    "institutions": 12,
    "pending_works": 0,
    "indexed_at": "2026-11-23T08:15:00+00:00",
    "last_harvest": {"source": "city", "status": "complete", "finished_at": "2026-11-23T08:10:00+00:00"},
}
_COUNTS_GOOD_FOR_S = 30.0
"""Counting millions of rows takes a moment, and health is asked every few seconds."""


class HarvestNote(msgspec.Struct, kw_only=True):
    """The harvest that ended last."""

    source: str
    status: str
    finished_at: str


class HealthReport(msgspec.Struct, kw_only=True):
    """``ok``: searches can be answered."""

    ok: bool
    engine: str
    generation: str
    indexed_works: int
    message: str = ""
    works: int = 0
    """In the store; more than ``indexed_works`` while changes wait to be indexed."""
    records: int = 0
    institutions: int = 0
    pending_works: int = 0
    indexed_at: str = ""
    last_harvest: HarvestNote | None = None


Counts = Lately[tuple[int, int]]
"""Works and records in the store."""


def counts_of(database: Database) -> Counts:
    """Works and records in the store, counted now and then."""

    def count() -> tuple[int, int]:
        with database.connect() as connection:
            return works.count(connection), records.count(connection)

    return Lately(count, _COUNTS_GOOD_FOR_S)


@router.get(
    "/api/health",
    summary="Whether searches can be answered",
    responses=answers(HealthReport, EXAMPLE, 503),
    response_class=Response,
)
def health(request: Request, context: ContextOf) -> Response:
    """200 when they can, 503 when engine or database are away or there is no index yet; the same fields in both."""
    engine = context.engine.health()
    report = HealthReport(
        ok=engine.ok and bool(engine.generation),
        engine=engine.engine,
        generation=engine.generation,
        indexed_works=engine.works,
        message=engine.message or ("" if engine.generation else "no index yet: run `lampway index`"),
    )
    try:
        _add_store(report, context, request.app.state.counts)
    except StoreUnavailableError as error:
        log.warning("not available", reason=str(error)[:500])  # its words may name the host, and anybody may ask here
        report.ok, report.message = False, "the database does not answer now"
    return json_response(report, status=200 if report.ok else 503, headers={"Cache-Control": "no-cache"})


def _add_store(report: HealthReport, context: Context, counts: Counts) -> None:
    report.works, report.records = counts.value()
    with context.database.connect() as connection:
        report.institutions = institutions.count(connection)
        report.pending_works = works.count_pending(connection)
        live = generations.live(connection, report.engine)
        report.indexed_at = (live.promoted_at or "") if live else ""
        run = harvest_runs.latest_finished(connection)
        if run:
            report.last_harvest = HarvestNote(source=run.source, status=run.status, finished_at=run.finished_at)
