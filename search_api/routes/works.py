"""GET /api/works/{id} and its holdings: one work, with every copy judged for the one who asks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.query import SearchRequest
from search_api.context import Context
from search_api.dependencies import ContextOf, JsonOnly, Language, LiveFacts, Parameters
from search_api.errors import ApiError
from search_api.json_response import json_response
from search_api.parameters import asked, whole_number
from search_api.routes.description import answers, number, parameters, query
from search_api.routes.examples import HOLDINGS, WORK
from search_api.routes.shared import SITUATION
from search_api.views import HoldingList, Moved, WorkView
from search_api.works import work_asked_for

router = APIRouter(tags=["works"], dependencies=[JsonOnly])


@router.get(
    "/api/works/{id}",
    dependencies=[LiveFacts],
    summary="One work: description, editions, all holdings",
    responses=answers(WorkView, WORK, 308, 404, 406),
    openapi_extra=parameters(*SITUATION),
)
def read_work(id: str, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """Holdings are judged as the search judges them, best first. A work that became part of another answers 308."""
    question = asked(context, params, lang)
    found = _found(id, context, question)
    if isinstance(found, Moved):
        return _moved(request, f"/api/works/{found.id}")
    return json_response(found)


@router.get(
    "/api/works/{id}/holdings",
    dependencies=[LiveFacts],
    summary="The holdings of a work, best first",
    responses=answers(HoldingList, HOLDINGS, 308, 404, 406),
    openapi_extra=parameters(
        *SITUATION,
        query("limit", "Holdings on the page.", number(1, 1000, "integer")),
        query("cursor", "`next` of the page before."),
    ),
)
def read_holdings(id: str, request: Request, context: ContextOf, lang: Language, params: Parameters) -> Response:  # noqa: A002
    """Where it is, whether it can be had, whether the door is open on arrival, how far, and how old each fact is."""
    question = asked(context, params, lang, ("limit", "cursor"))
    offset = whole_number(params, "cursor", 0, 0, 10_000_000)
    limit = whole_number(params, "limit", 100, 1, 1000)
    found = _found(id, context, question)
    if isinstance(found, Moved):
        return _moved(request, f"/api/works/{found.id}/holdings")
    more = offset + limit < len(found.holdings)
    page = HoldingList(
        id=found.id,
        title=found.title,
        total=len(found.holdings),
        holdings=found.holdings[offset : offset + limit],
        next=str(offset + limit) if more else None,
        warnings=found.warnings,
    )
    return json_response(page)


def _found(id_: str, context: Context, question: SearchRequest) -> WorkView | Moved:
    found = work_asked_for(context, id_, question)
    if found is None:
        raise ApiError("not-found", f"No work {id_[:200]!r}.")
    if isinstance(found, WorkView):
        found.warnings = list(question.warnings)
    return found


def _moved(request: Request, path: str) -> Response:
    base = request.app.state.context.settings.public_url.rstrip("/")
    query_string = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=308, headers={"Location": f"{base}{path}{query_string}"})
