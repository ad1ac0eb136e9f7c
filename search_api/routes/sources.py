"""GET /api/sources/{id}: how fresh what we have from a source is, and what its last harvest brought."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from search_api.dependencies import ContextOf, JsonOnly, Language, Parameters
from search_api.errors import ApiError
from search_api.json_response import json_response
from search_api.parameters import asked
from search_api.routes.description import answers, parameters
from search_api.routes.shared import LANG
from search_api.sources import SourceCard, source_card

router = APIRouter(tags=["institutions"], dependencies=[JsonOnly])
EXAMPLE: dict[str, Any] = {
    "id": "city",
    "protocol": "oai",
    "format": "marcxml",
    "institution": {"id": "city-library", "name": "City Library"},
    "host": "catalogue.example",
    "name": "City Library repository",
    "licence": "CC0 1.0",
    "sets": [],
    "schedule": "0 3 * * *",
    "paused": False,
    "records": 1200,
    "deleted": 14,
    "quarantined": 2,
    "complete_at": "2026-11-22T03:10:00+00:00",
    "last_run": {
        "status": "incomplete",
        "started_at": "2026-11-23T03:00:00+00:00",
        "finished_at": "2026-11-23T03:00:12+00:00",
        "received": 30,
        "new": 20,
        "changed": 7,
        "unchanged": 0,
        "deleted": 1,
        "quarantined": 2,
        "losses": 2,
        "seconds": 12.0,
        "rate": 2.5,
    },
    "warnings": [],
}


@router.get(
    "/api/sources/{id}",
    summary="A source: how fresh it is, and the counts of its last harvest",
    responses=answers(SourceCard, EXAMPLE, 404, 406),
    openapi_extra=parameters(LANG),
)
def read_source(id: str, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """Never secrets, and of an address its host only."""
    card = source_card(context, id)
    if card is None:
        raise ApiError("not-found", f"No source {id[:200]!r}.")
    card.warnings = list(asked(context, params, lang).warnings)
    return json_response(card)
